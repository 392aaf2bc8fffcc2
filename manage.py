#!/usr/bin/env python3
"""Django's command line, on embedded services where no others are named."""

import os
import sys
from contextlib import nullcontext

WITHOUT_SERVICES = {
    "help",
    "version",
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "export_openapi",
    "findstatic",
    "makemessages",
    "startapp",
    "startproject",
    "write_docs",
    # these look after the services themselves
    "doctor",
    "run",
    "stop",
    "up",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from pydantic import ValidationError

    from apps.common.runtime.errors import ServiceError
    from apps.common.runtime.services import Services

    try:
        from config.env import environment
    except ValidationError as error:
        for problem in error.errors():
            print(f"{problem['loc'][0]}: {problem['msg']}", file=sys.stderr)  # noqa: T201
        sys.exit(2)

    services = Services(
        environment.data_path,
        postgres=not environment.database_url,
        redis=not environment.redis_url,
    )
    try:
        services.prepare()
        with services.running() if _needs_services(sys.argv[1:]) else nullcontext():
            execute_from_command_line(sys.argv)
    except ServiceError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _needs_services(arguments: list[str]) -> bool:
    if {"-h", "--help", "--version"} & set(arguments) or "--database" in arguments:
        return "--database" in arguments
    if arguments[:1] == ["verify_audit"] and any(_names_a_file(word) for word in arguments):
        return False
    return bool(arguments) and arguments[0] not in WITHOUT_SERVICES


def _names_a_file(word: str) -> bool:
    return word.partition("=")[0] == "--file"


if __name__ == "__main__":
    main()
