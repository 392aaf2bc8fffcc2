"""Units of work. What happens inside one commits with its events, or did not happen.

    with unit(actor=actor, workspace=workspace.id):
        ...change rows...
        record(MemberAdded(...))

Units nest: an inner one joins. Counters are taken at the very end, in id order, so that services
compose freely and no two of them deadlock.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from apps.common import context
from apps.common.actors import Actor
from apps.common.events import Event as HappenedEvent
from apps.common.ids import uuid7
from apps.ledger.events import EpochBegun
from apps.ledger.models import Chain, Delivery, Epoch, Event

SYSTEM_WORKSPACE = UUID(int=0)
"""The chain of facts that belong to no workspace."""


@dataclass
class _Unit:
    actor: Actor
    workspace_id: UUID
    pending: list[Event] = field(default_factory=list)


_open: ContextVar[tuple[_Unit, ...]] = ContextVar("ledger_units", default=())


@contextmanager
def unit(*, actor: Actor, workspace: UUID = SYSTEM_WORKSPACE) -> Iterator[None]:
    outer = _open.get()
    mine = _Unit(actor, workspace, outer[0].pending if outer else [])
    token = _open.set((*outer, mine))
    try:
        if outer:
            with transaction.atomic():
                mark = len(mine.pending)
                try:
                    yield
                except BaseException:
                    del mine.pending[mark:]
                    raise
        else:
            with transaction.atomic(durable=True):
                yield
                _append(mine.pending)
    finally:
        _open.reset(token)


def record(event: HappenedEvent) -> None:
    units = _open.get()
    if not units:
        raise RuntimeError(f"{event.type} was recorded outside a unit of work.")
    inner, call = units[-1], context.current()
    inner.pending.append(
        Event(
            id=uuid7(),
            workspace_id=inner.workspace_id,
            type=event.type,
            actor_id=inner.actor.actor_id,
            actor_kind=inner.actor.actor_kind,
            payload=event.payload(),
            request_id=call.request_id,
            trace_id=call.trace_id,
            via=call.via,
            at=datetime.now(UTC),
        )
    )


def begin_epoch(*, reason: str, actor: Actor) -> Epoch:
    """Say that history does not simply go on: a backup was restored, an instance was split."""
    with unit(actor=actor):
        epoch = Epoch.objects.create(reason=reason)
        record(EpochBegun(epoch=epoch.id, reason=reason))
    return epoch


def canonical(event: Event) -> bytes:
    """The bytes an event's hash covers: every column but the hashes, keys sorted."""
    return orjson.dumps(
        {
            "id": event.id,
            "workspace": event.workspace_id,
            "seq": event.seq,
            "type": event.type,
            "actor": event.actor_id,
            "actor_kind": event.actor_kind,
            "payload": event.payload,
            "request": event.request_id,
            "trace": event.trace_id,
            "via": event.via,
            "at": event.at.astimezone(UTC),
        },
        option=orjson.OPT_SORT_KEYS,
    )


def _append(events: list[Event]) -> None:
    if not events:
        return
    ids = sorted({event.workspace_id for event in events})
    Chain.objects.bulk_create([Chain(workspace_id=id_) for id_ in ids], ignore_conflicts=True)
    locked = Chain.objects.select_for_update().filter(workspace_id__in=ids).order_by("workspace_id")
    chains = {chain.workspace_id: chain for chain in locked}
    for event in events:
        chain = chains[event.workspace_id]
        event.seq = chain.seq + 1
        event.previous_hash = bytes(chain.head)
        event.hash = hashlib.sha256(event.previous_hash + canonical(event)).digest()
        chain.seq, chain.head = event.seq, event.hash
    Event.objects.bulk_create(events)
    Chain.objects.bulk_update(chains.values(), ["seq", "head"])
    Delivery.objects.bulk_create(
        Delivery(event=event, subscription=task)
        for event in events
        for task in settings.SUBSCRIPTIONS.get(event.type, ())
    )
