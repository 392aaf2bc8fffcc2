"""What other rooms are handed (what a caller proved, and where it stands) and may plug in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.choices import Permission, Role, Scope


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a caller proved itself with."""

    via: str
    """As it stands in logs and events: "session", "token", "key:<public id>", "ticket"."""
    scopes: frozenset[str]
    confined_to: UUID | None = None
    key_id: UUID | None = None
    expires_at: datetime | None = None
    """When a key ends. None: never, or it is a login."""
    family_id: UUID | None = None
    session: bytes | None = None
    """The fingerprint of the browser's session."""

    def allows(self, scope: Scope) -> bool:
        return scope in self.scopes


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What somebody is in a workspace. An agent is never more than its owner is."""

    workspace_id: UUID
    role: Role
    permissions: frozenset[Permission]
    archived: bool = False
    owner: UUID | None = None
    """Of an agent."""
    tier: str = ""

    def permits(self, permission: Permission) -> bool:
        return permission in self.permissions


Exporter = Callable[[Any], dict[str, Any]]

exporters: dict[str, Exporter | None] = {}
"""How rows of a model ("memory.Note") are written into a workspace's export; None: they are not.

Without an entry every column is. A room that keeps secrets or sealed texts adds its own when it is
ready: deletion destroys the keys, so what is exported has to be readable without them.
"""

Furnish = Callable[[Any, Any], None]

furnishings: list[Furnish] = []
"""What other rooms put into the demo workspace, given it and its agent: each once, however often it
is seeded. A room does so in a module called `demo`."""
