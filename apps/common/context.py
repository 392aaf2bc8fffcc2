"""What is known about the call under way, for logs and event rows: request, trace, door."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class CallContext:
    request_id: str = ""
    trace_id: str = ""
    via: str = ""
    """The door and credential: "session", "token", "key:<id>", "command:<name>", "task:<name>"."""
    actor_id: str = ""
    workspace_id: str = ""
    task_id: str = ""


_NOWHERE = CallContext()
_current: ContextVar[CallContext] = ContextVar("call_context", default=_NOWHERE)


def current() -> CallContext:
    return _current.get()


def amend(**changes: Any) -> None:
    """Add what has been learned meanwhile (authentication comes after the request id)."""
    _current.set(replace(_current.get(), **changes))


@contextmanager
def call(**fields: Any) -> Iterator[CallContext]:
    token = _current.set(CallContext(**fields))
    try:
        yield _current.get()
    finally:
        _current.reset(token)
