"""What other rooms may plug into what is watched, and the frozen values they are handed.

commands["decide"] = decide          # what the socket can do
topics["spec"] = spec_topic          # what can be watched: "spec:<id>"
phrases.update(PHRASES)              # how codes in sentences about events are said
sources.append(Source(...))          # rows that the relay starts tasks for when they are due
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.ports import Credential
from apps.common.actors import Actor
from apps.ledger.deliveries import Start
from apps.ledger.services import SYSTEM_WORKSPACE


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as the ledger holds it."""

    id: UUID
    workspace_id: UUID
    seq: int
    type: str
    actor_id: UUID
    actor_kind: str
    payload: Mapping[str, Any]
    at: datetime

    def names(self, user_id: UUID) -> bool:
        """Whether this user did it, or it happened to them."""
        return user_id == self.actor_id or str(user_id) in self.payload.values()


@dataclass(frozen=True, kw_only=True, eq=False)
class Viewer:
    """Who watches, with what, and what they may see."""

    actor: Actor
    credential: Credential
    workspaces: frozenset[UUID]
    narrowed_to: UUID | None = None
    """The one workspace it asked for, of those it may see."""
    superuser: bool = False
    password_mark: str = ""
    """Of those with a session: it differs once the password does."""

    def may_see(self, event: EventRow) -> bool:
        """An event of no workspace (a login, say) is for those it names."""
        if event.workspace_id != SYSTEM_WORKSPACE:
            return event.workspace_id in self.workspaces
        return self.superuser or event.names(self.actor.actor_id)


@dataclass(frozen=True)
class Topic:
    """Something to watch: the events of one workspace's chain that it `shows`."""

    workspace_id: UUID
    shows: Callable[[EventRow], bool]


Resolve = Callable[[Viewer, str], Topic]
"""Given the part of "spec:<id>" after the colon. Raises UnknownTopic also for what may not be seen.
It may ask the database."""

Command = Callable[[Viewer, Mapping[str, Any]], Mapping[str, Any]]
"""Given the frame as it came; answers the `result`, or raises a DomainError. A door like any other:
parse, call one service, present. It may ask the database."""


@dataclass(frozen=True)
class Source:
    """Rows that are due."""

    claim: Callable[[int], Sequence[Start]]
    """So many at most: count the attempt, plan the next one, commit. Nothing of a workspace that is
    stopped."""
    give_back: Callable[[Sequence[Start]], None]
    """What no broker took was not an attempt."""
    task: str = ""
    """Which is started for each, where that is the same for all. While enough of it waits for a
    worker, nothing is claimed."""


topics: dict[str, Resolve] = {}
commands: dict[str, Command] = {}
phrases: dict[str, Mapping[str, str]] = {}
"""How the codes in events are said in a sentence, by room and field: "approvals.because"."""

counts: dict[str, Callable[[frozenset[UUID]], int]] = {}
"""Figures of the feed's `stats` that others know, for these workspaces: `presence`."""

sources: list[Source] = []
"""Beside the ledger's deliveries, each is asked in turn for what it has due."""
