"""Log lines: JSON, one per fact, with the ids of the call, and never a secret.

Everybody's lines come this way: ours, Django's, the ASGI server's, Celery's.
"""

import fcntl
import logging
import os
import re
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from apps.common import context

HIDDEN = "[hidden]"
FILE_BYTES = 1_000_000
FILES_KEPT = 3

_SECRET_NAME = re.compile(
    r"authorization|cookie|password|passwd|secret|token|api[-_]?key|master[-_]?key|private[-_]?key"
    r"|credential|ticket|csrf|otp|recovery[-_]?code",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"""
      \blat_[A-Za-z0-9]+_[A-Za-z0-9_-]+                            # our API keys
    | \beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?     # JSON Web Tokens
    | \b(?:sk|pk|rk|whsec|xox[abprs]|gh[pousr]|hf)[-_][A-Za-z0-9_-]{8,}   # keys of other people's
    | \bAIza[A-Za-z0-9_-]{20,}
    | \bAKIA[A-Z0-9]{12,}
    | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)                              # user:password@host
    | (?<=/ws/)[^/\s]*(?:@|%40)[^/\s]*                             # somebody's own address
    | \b(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}
    | (?P<name>(?i:[a-z0-9_-]*(?:token|password|passwd|secret|api[-_]?key|authorization|ticket
          |cookie|sessionid)|[?&;](?:key|code))["']?\s*[=:]\s*)(?:(?i:bearer|basic)\s+)?
      (?:"[^"]*"|'[^']*'|[^\s&;,"'})\]]+)                          # name=value, name: value
    """,
    re.VERBOSE,
)


def scrubbed(value: Any) -> Any:
    """The same, with whatever looks like a secret hidden."""
    match value:
        case str():
            return _SECRET_TEXT.sub(lambda found: (found["name"] or "") + HIDDEN, value)
        case bytes():
            return scrubbed(value.decode(errors="replace"))
        case Mapping():
            return {
                scrubbed(str(name)): HIDDEN if _SECRET_NAME.search(str(name)) else scrubbed(inner)
                for name, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [scrubbed(inner) for inner in value]
        case None | bool() | int() | float():
            return value
    return scrubbed(str(value))


def _scrub(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {str(name): inner for name, inner in scrubbed(event).items()}


def _name_call(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    call = context.current()
    ids = {
        "request": call.request_id,
        "trace": call.trace_id,
        "actor": call.actor_id,
        "workspace": call.workspace_id,
        "task": call.task_id,
        "via": call.via,
    }
    return {**{name: value for name, value in ids.items() if value}, **event}


def _line(event: EventDict, **_: Any) -> str:
    return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS).decode(errors="replace")


def configuration(*, level: str, file: str) -> dict[str, Any]:
    """Django's LOGGING; structlog's own loggers end in the same handlers."""
    shared: list[Processor] = [
        _name_call,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handlers: dict[str, dict[str, Any]] = {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json"}
    }
    if file:
        handlers["file"] = {"()": SharedRotatingFile, "path": file, "formatter": "json"}
    ours = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    _scrub,
                    structlog.processors.JSONRenderer(serializer=_line),
                ],
            }
        },
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": level},
        "loggers": {
            "django": ours,
            "django.server": ours,
            # Our own line tells of every request; Django's tells only of what failed.
            "django.request": {**ours, "level": "ERROR"},
            "uvicorn": ours,
            "uvicorn.error": ours,
            "uvicorn.access": {**ours, "level": "ERROR"},
            "daphne": ours,
            "celery": ours,
            # They write down whole addresses, and headers at DEBUG: both may hold a secret.
            "httpx": {**ours, "level": "WARNING"},
            "httpcore": {**ours, "level": "WARNING"},
        },
    }


class SharedRotatingFile(RotatingFileHandler):
    """One file for several processes: a lock decides who rotates, the others follow."""

    def __init__(self, path: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(
            path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT - 1, encoding="utf-8", delay=True
        )

    def emit(self, record: logging.LogRecord) -> None:
        with Path(f"{self.baseFilename}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._follow()
            super().emit(record)

    def _follow(self) -> None:
        """Leave a file that somebody else has rotated away."""
        here = Path(self.baseFilename)
        if self.stream is not None and not (
            here.exists() and os.path.samestat(here.stat(), os.fstat(self.stream.fileno()))
        ):
            self.stream.close()
            self.stream = None
