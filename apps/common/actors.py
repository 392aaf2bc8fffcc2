"""Who does things: a user row (a person or an agent), or the system itself."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


class Actor(Protocol):
    @property
    def actor_id(self) -> UUID: ...

    @property
    def actor_kind(self) -> str:
        """ "person", "agent" or "system"."""

    @property
    def confined_to(self) -> UUID | None:
        """The only workspace this actor may touch; None: every one it belongs to."""


NOBODY = UUID(int=0)


@dataclass(frozen=True)
class System:
    """Clocks, migrations and commands act as the system. It may see and do everything."""

    actor_id: UUID = NOBODY
    actor_kind: str = "system"
    confined_to: UUID | None = None


SYSTEM = System()


def operates(actor: Any) -> bool:
    """Runs the instance, and sees all of it: commands, and superusers, unless what they came with
    is for one workspace. Then they are there what their membership makes of them."""
    if isinstance(actor, System):
        return True
    return bool(getattr(actor, "is_superuser", False)) and actor.confined_to is None
