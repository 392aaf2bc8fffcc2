"""The habits all our management commands share.

`--json` for scripts and `--dry-run` where something is written; progress on stderr, only on a
terminal; exit codes 0 ok, 1 failed, 2 usage, 3 degraded (it works, but somebody should look).

    class Command(LatticeCommand):
        help = "Verify the audit's hash chain."

        def run(self, **_: Any) -> Report:
            with self.progress("Verifying", total=count) as advance:
                ...
                advance()
            return Report("All 12 events are as they were written.", {"events": 12})
"""

import json
import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, ClassVar, Protocol

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from apps.common import context
from apps.common.errors import DomainError
from apps.common.ports import SETTINGS
from apps.common.runtime.errors import ServiceError


class Outcome(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    DEGRADED = 3


@dataclass(frozen=True)
class Report:
    """What a command found or did: a text for people, the same as facts for scripts."""

    text: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome = Outcome.OK


class Advance(Protocol):
    def __call__(self, steps: int = 1) -> None: ...


class UsageError(CommandError):
    """The arguments make no sense together (what argparse cannot see by itself)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=Outcome.USAGE)


class LatticeCommand(BaseCommand):
    requires_system_checks = [SETTINGS]
    writes: ClassVar[bool] = False
    """Whether it changes anything: then it takes `--dry-run`, and `run` gets `dry_run`."""

    def run(self, *args: Any, **options: Any) -> Report:
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        add_json(parser, default=False)
        if self.writes:
            add_dry_run(parser, default=False)

    def handle(self, *_: Any, **options: Any) -> None:
        as_json = options["json"]
        name = type(self).__module__.rpartition(".")[2]
        try:
            with context.call(via=f"command:{name}"):
                report = self.run(**options)
        except (DomainError, ServiceError, CommandError) as error:
            code = getattr(error, "code", "failed")
            if as_json:
                self._write_json({"error": {"code": code, "message": str(error)}})
            if isinstance(error, CommandError):
                raise
            raise CommandError(str(error)) from error
        if as_json:
            self._write_json(report.facts)
        elif report.text:
            self.stdout.write(report.text)
        if report.outcome:
            raise CommandError(f"{name}: {report.outcome.name.lower()}", returncode=report.outcome)

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator[Advance]:
        """Yields `advance(steps)`. Nothing is drawn unless stderr is a terminal."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(
            *columns,
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not sys.stderr.isatty(),
        ) as bar:
            task = bar.add_task(title, total=total)

            def advance(steps: int = 1) -> None:
                bar.advance(task, steps)

            yield advance

    def _write_json(self, facts: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(facts, cls=DjangoJSONEncoder))


def add_json(parser: ArgumentParser, default: Any = SUPPRESS) -> None:
    """Also to the parser of a verb, so that it may stand before the verb or after it."""
    parser.add_argument("--json", action="store_true", default=default, help="Answer in JSON.")


def add_dry_run(parser: ArgumentParser, default: Any = SUPPRESS) -> None:
    says = "Say what would change; change nothing."
    parser.add_argument("--dry-run", action="store_true", default=default, help=says)


def in_a_line(text: str, most: int = 60) -> str:
    """What somebody wrote, for a terminal, which would obey control characters."""
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    return flat if len(flat) <= most else f"{flat[: most - 3]}..."
