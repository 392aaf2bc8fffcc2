"""What happened, for those who may see it."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.fields.json import KT

from apps.accounts.selectors.seen import seen_workspaces
from apps.activity.ports import EventRow, Viewer, counts
from apps.common.actors import Actor, operates
from apps.ledger.models import Chain, Event

FEED_LIMIT = 200
_COLUMNS = ("id", "workspace_id", "seq", "type", "actor_id", "actor_kind", "payload", "at")


def seen_events(actor: Actor) -> QuerySet[Event]:
    """As the console shows them."""
    if operates(actor):
        return Event.objects.all()
    return Event.objects.filter(workspace_id__in=seen_workspaces(actor).values("id"))


def heads(workspaces: Collection[UUID]) -> dict[UUID, int]:
    """Where the counters of these workspaces stand."""
    found = dict.fromkeys(workspaces, 0)
    chains = Chain.objects.filter(workspace_id__in=workspaces)
    found.update(chains.values_list("workspace_id", "seq"))
    return found


def events_after(workspace_id: UUID, seq: int, *, limit: int) -> list[EventRow]:
    """In order. A counter is held until its events are committed, so none can appear before one
    that was seen already."""
    later = Event.objects.filter(workspace_id=workspace_id, seq__gt=seq)
    return _rows(later.order_by("seq").values_list(*_COLUMNS)[:limit])


def events_about(request_id: UUID, *, workspace_id: UUID, limit: int) -> list[EventRow]:
    """The newest that name a request, newest first. For who has asked before whether it may be
    seen."""
    naming = Event.objects.filter(workspace_id=workspace_id, payload__has_key="request")
    about = naming.alias(about=KT("payload__request")).filter(about=str(request_id))
    return _rows(about.order_by("-seq").values_list(*_COLUMNS)[:limit])


def latest_events(
    viewer: Viewer,
    *,
    limit: int,
    types: Collection[str] | None = None,
    before: Mapping[UUID, int] | None = None,
) -> list[EventRow]:
    """Newest first, of all the workspaces one may see; within each, in the order of its counter.

    With `before`: those below these numbers, of these workspaces alone.
    """
    wanted = Event.objects.all() if types is None else Event.objects.filter(type__in=types)
    if before is None:
        chosen = [wanted.filter(workspace_id=one) for one in viewer.workspaces]
    else:
        chosen = [
            wanted.filter(workspace_id=one, seq__lt=before[one])
            for one in viewer.workspaces
            if one in before
        ]
    newest = [rows.order_by("-seq").values_list(*_COLUMNS)[:limit] for rows in chosen]
    if not newest:
        return []
    found = newest[0].union(*newest[1:], all=True) if len(newest) > 1 else newest[0]
    chains: dict[UUID, list[EventRow]] = defaultdict(list)
    for row in _rows(found):
        chains[row.workspace_id].append(row)
    in_order = [sorted(rows, key=lambda row: -row.seq) for rows in chains.values()]
    merged = heapq.merge(*in_order, key=lambda row: row.at, reverse=True)
    return list(islice(merged, limit))


def feed_stats(viewer: Viewer, *, subscribers: int) -> dict[str, Any]:
    happened = sum(heads(viewer.workspaces).values())
    return {
        "version": "2.0.0",
        "subscribers": subscribers,
        "presence": 0,
        **{name: count(viewer.workspaces) for name, count in counts.items()},
        "feed_size": min(happened, FEED_LIMIT),
        "transport": "sse",
    }


def _rows(found: Iterable[Sequence[Any]]) -> list[EventRow]:
    return [EventRow(*columns) for columns in found]
