"""Reads of the record. Who may see a workspace is known above: callers bring one they resolved."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, F, Func, Q, QuerySet, Value

from apps.ledger.models import Epoch, Event


def current_epoch() -> UUID:
    """The instance's present epoch: part of every position that a client may resume from."""
    return Epoch.objects.values_list("id", flat=True).latest()


def events_of(
    workspace_id: UUID,
    *,
    type: str = "",
    actor: UUID | None = None,
    about: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    after: int | None = None,
    before: int | None = None,
    request_id: str = "",
) -> QuerySet[Event]:
    """A workspace's events. `type` is a whole type or the rooms it begins with ("accounts.member");
    `about` is an id that stands anywhere in the payload."""
    asked = {
        "actor_id": actor,
        "at__gte": since,
        "at__lt": until,
        "seq__gt": after,
        "seq__lt": before,
        "request_id": request_id or None,
    }
    found = Event.objects.filter(
        workspace_id=workspace_id,
        **{name: value for name, value in asked.items() if value is not None},
    )
    if type:
        found = found.filter(Q(type=type) | Q(type__startswith=f"{type.removesuffix('.')}."))
    return found.filter(_Mentions(about)) if about else found


class _Mentions(Func):
    """Whether a value anywhere in the payload is this text."""

    function = "jsonb_path_exists"
    output_field = BooleanField()

    def __init__(self, text: str) -> None:
        path, variables = "$.** ? (@ == $text)", json.dumps({"text": text})
        super().__init__(
            F("payload"),
            Func(Value(path), template="%(expressions)s::jsonpath"),
            Func(Value(variables), template="%(expressions)s::jsonb"),
        )


def presented(event: Event) -> dict[str, Any]:
    """An event as the API shows it."""
    return {
        "id": event.id,
        "seq": event.seq,
        "type": event.type,
        "at": event.at,
        "actor": {"id": event.actor_id, "kind": event.actor_kind},
        "payload": event.payload,
        "request_id": event.request_id,
        "trace_id": event.trace_id,
        "via": event.via,
        "previous_hash": bytes(event.previous_hash).hex(),
        "hash": bytes(event.hash).hex(),
    }
