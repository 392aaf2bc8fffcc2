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
    """Subclasses name their `type`, as in "accounts.member.added"."""

    type: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.type in registry and registry[cls.type].__qualname__ != cls.__qualname__:
            raise TypeError(f"Two events are called {cls.type}.")
        registry[cls.type] = cls

    def payload(self) -> dict[str, Any]:
        return {f.name: _plain(getattr(self, f.name), f.name) for f in dataclass_fields(self)}


def _plain(value: Any, name: str) -> Any:
    """JSON that every reader and jsonb write alike, which is why floats are refused."""
    match value:
        case None | bool() | int() | str():
            return value
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return [_plain(item, name) for item in value]
        case dict():
            return {str(key): _plain(item, name) for key, item in value.items()}
    raise TypeError(f"The field {name} of an event holds a {type(value).__name__}.")
