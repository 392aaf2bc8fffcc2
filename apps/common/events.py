"""The base of everything that can be said to have happened.

An event is a frozen dataclass named in the past tense. Its fields are ids, digests, counts and
labels: never text that somebody may want erased.
"""

from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

registry: dict[str, type["Event"]] = {}


@dataclass(frozen=True, kw_only=True)
class Event:
    """Subclasses name their `type`, as in "accounts.member.added", and how people read it."""

    type: ClassVar[str]
    sentence: ClassVar[str] = ""
    """Its gaps are fields, or `{actor}` and `{workspace}`, which every event has."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.type in registry and registry[cls.type].__qualname__ != cls.__qualname__:
            raise TypeError(f"Two events are called {cls.type}.")
        registry[cls.type] = cls

    def payload(self) -> dict[str, Any]:
        return {f.name: _plain(getattr(self, f.name), f.name) for f in dataclass_fields(self)}


def _plain(value: Any, name: str) -> Any:
    """JSON that every reader and jsonb write alike: no floats, no integers beyond 64 bits, no text
    that PostgreSQL or UTF-8 cannot hold."""
    match value:
        case None | bool():
            return value
        case int() if -(2**63) <= value < 2**63:
            return int(value)
        case str() if "\0" not in value and _is_unicode(value):
            return str(value)
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return [_plain(item, name) for item in value]
        case dict() if all(isinstance(key, str) for key in value):
            return {_plain(key, name): _plain(item, name) for key, item in value.items()}
        case int() | str():
            raise ValueError(f"The field {name} of an event holds what JSON cannot keep as it is.")
    raise TypeError(f"The field {name} of an event holds a {type(value).__name__}.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
