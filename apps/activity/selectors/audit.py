"""A chain as a page shows it: its events in sentences, and whether each fits its hash."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.choices import Permission
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.selectors.names import name_of, names_of
from apps.activity.ports import EventRow
from apps.activity.rules import area_of
from apps.activity.wording import told
from apps.common.actors import NOBODY, operates
from apps.common.events import registry
from apps.ledger.models import Event
from apps.ledger.selectors import events_of
from apps.ledger.services import SYSTEM_WORKSPACE
from apps.ledger.verification import Row, as_they_stand


@dataclass(frozen=True, kw_only=True)
class Audited:
    """A chain somebody may read."""

    workspace_id: UUID
    name: str
    manages: bool


def audited_chains(user: User) -> list[Audited]:
    """Of the workspaces where they may read the audit; operators: of everything."""
    if operates(user):
        rows = Workspace.objects.order_by("name", "id").values_list("id", "name")
        everything = Audited(workspace_id=SYSTEM_WORKSPACE, name="The instance", manages=True)
        found = [Audited(workspace_id=pk, name=name, manages=True) for pk, name in rows]
        return [*found, everything]
    mine = Membership.objects.permitting(Permission.WRITE).used_by(user)
    manages = set(Membership.objects.managing(user).values_list("workspace_id", flat=True))
    named = mine.order_by("workspace__name", "workspace_id")
    return [
        Audited(workspace_id=pk, name=name, manages=pk in manages)
        for pk, name in named.values_list("workspace_id", "workspace__name")
    ]


@dataclass(frozen=True, kw_only=True)
class Entry:
    row: Row
    text: str
    area: str
    actor: str

    @property
    def hash(self) -> str:
        return self.row.hash.hex()

    @property
    def previous(self) -> str:
        return self.row.previous_hash.hex()

    @property
    def fits(self) -> bool:
        return self.row.recomputed() == self.row.hash

    @property
    def payload(self) -> dict[str, Any]:
        return self.row.payload if isinstance(self.row.payload, dict) else {}


def entries(
    workspace_id: UUID, *, areas: Collection[str] = (), limit: int, **asked: Any
) -> list[Entry]:
    """Newest first. `asked` is what `events_of` takes."""
    found: QuerySet[Event] = events_of(workspace_id, **asked)
    if areas:
        types = [event_type for event_type in registry if area_of(event_type) in areas]
        found = found.filter(type__in=types)
    rows = [Row(*values) for values in as_they_stand(found.order_by("-seq"))[:limit]]
    texts = told([_event(row) for row in rows])
    names = names_of(row.actor_id for row in rows)
    return [
        Entry(row=row, text=text, area=area_of(row.type), actor=names[row.actor_id])
        for row, text in zip(rows, texts, strict=True)
    ]


def actors_of(workspace_id: UUID) -> dict[str, str]:
    """Those who belong to it now; others are found by their id."""
    members = Membership.objects.filter(workspace_id=workspace_id).order_by("user__name", "user_id")
    found = members.values_list("user_id", "user__name")
    return {str(pk): name_of(pk, name) for pk, name in [(NOBODY, ""), *found]}


def _event(row: Row) -> EventRow:
    return EventRow(
        id=row.id,
        workspace_id=row.workspace_id,
        seq=row.seq,
        type=row.type,
        actor_id=row.actor_id,
        actor_kind=row.actor_kind,
        payload=row.payload if isinstance(row.payload, dict) else {},
        at=row.at or datetime.min.replace(tzinfo=UTC),
    )
