"""The feed as a page shows it: what happened, and from where to go on live."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.models import User, Workspace
from apps.accounts.ports import Credential
from apps.accounts.selectors.credentials import login_scopes
from apps.activity.ports import EventRow, Viewer
from apps.activity.positions import read_position
from apps.activity.rules import area_of
from apps.activity.selectors.events import heads, latest_events
from apps.activity.selectors.viewers import viewer_of
from apps.activity.wording import told
from apps.common.events import registry
from apps.ledger.selectors import current_epoch


@dataclass(frozen=True, kw_only=True)
class ShownEvent:
    id: UUID
    workspace_id: UUID
    seq: int
    type: str
    area: str
    text: str
    workspace: str
    at: datetime
    payload: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class FeedPage:
    events: list[ShownEvent]
    workspaces: dict[UUID, str]
    """The names of those it is about."""
    epoch: str
    positions: dict[UUID, int]
    """Read before the events: whoever goes on from here may meet one again, and misses none."""
    before: dict[UUID, int]
    """Older events than these have, in each workspace, numbers below these."""
    has_older: bool
    is_newest: bool


def page_viewer(user: User) -> Viewer:
    return viewer_of(user=user, credential=Credential(via="session", scopes=login_scopes(user)))


def known_areas() -> list[str]:
    return sorted({area_of(event_type) for event_type in registry} - {"tests"})


def feed_page(
    viewer: Viewer, *, limit: int, areas: Collection[str] = (), older: str = ""
) -> FeedPage:
    """The newest, or those after a page that ended at `older`. One that is not understood, or is of
    before a restore, leads to the newest."""
    epoch, positions = str(current_epoch()), heads(viewer.workspaces)
    given = read_position(older, viewer.workspaces)
    below = given[1] if given and given[0] == epoch else None
    types = [event_type for event_type in registry if area_of(event_type) in areas]
    found = latest_events(viewer, limit=limit + 1, types=types if areas else None, before=below)
    has_older, found = len(found) > limit, found[:limit]
    before = {one: seq + 1 for one, seq in positions.items()} if below is None else dict(below)
    for event in found:
        before[event.workspace_id] = event.seq
    names = dict(
        Workspace.objects.filter(id__in=viewer.workspaces)
        .order_by("name")
        .values_list("id", "name")
    )
    shown = [_shown(event, text, names) for event, text in zip(found, told(found), strict=True)]
    return FeedPage(
        events=shown,
        workspaces=names,
        epoch=epoch,
        positions=positions,
        before=before,
        has_older=has_older,
        is_newest=below is None,
    )


def _shown(event: EventRow, text: str, names: dict[UUID, str]) -> ShownEvent:
    return ShownEvent(
        id=event.id,
        workspace_id=event.workspace_id,
        seq=event.seq,
        type=event.type,
        area=area_of(event.type),
        text=text,
        workspace=names.get(event.workspace_id, ""),
        at=event.at,
        payload=dict(event.payload),
    )
