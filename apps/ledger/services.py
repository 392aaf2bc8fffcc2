"""Units of work, epochs and checkpoints. What happens inside a unit commits with its events, or did
not happen.

    with unit(actor=actor, workspace=workspace.id):
        ...change rows...
        record(MemberAdded(...))

Units nest: an inner one joins. Counters are taken at the very end, in id order, so that services
compose freely and no two of them deadlock.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from apps.common import context
from apps.common.actors import Actor
from apps.common.events import Event
from apps.common.ids import uuid7
from apps.ledger import ports, switch
from apps.ledger.checkpoints import (
    Chains,
    Checkpoint,
    CheckpointLog,
    Keys,
    Testimony,
    next_checkpoint,
)
from apps.ledger.errors import (
    CheckpointsLost,
    CheckpointsUnsound,
    EpochUnannounced,
    KillSwitchOn,
)
from apps.ledger.events import EpochBegun
from apps.ledger.models import Chain, Epoch
from apps.ledger.rules import BEGINNING, Position, around_seq
from apps.ledger.subscriptions import told_of

log = logging.getLogger(__name__)

SYSTEM_WORKSPACE = UUID(int=0)
"""The chain of facts that belong to no workspace."""


@dataclass(slots=True, kw_only=True)
class Recorded:
    """An event that was recorded. Its `seq` is known once the outermost unit has ended."""

    id: UUID
    workspace_id: UUID
    type: str
    actor_id: UUID
    actor_kind: str
    payload: dict[str, Any]
    request_id: str
    trace_id: str
    via: str
    at: datetime
    seq: int = 0


@dataclass(slots=True)
class Unit:
    actor: Actor
    workspace_id: UUID
    connection: BaseDatabaseWrapper
    depth: int
    """How many transaction blocks deep the unit stands: events belong to exactly this one."""
    recorded: list[Recorded] = field(default_factory=list)
    stops: bool = False
    """Whether something that joined it does not go on while the kill switch is on."""


_current: ContextVar[Unit | None] = ContextVar("ledger_unit", default=None)


@contextmanager
def unit(*, actor: Actor, workspace: UUID = SYSTEM_WORKSPACE) -> Iterator[Unit]:
    """Open a durable transaction, or join the one that is open.

    An inner unit that ends in an exception takes back its own rows and events alone.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    outer = _current.get()
    if outer and outer.connection is not connection:
        outer = None  # a copied context in another thread: that unit is none of ours
    if outer:
        _stand_directly_in(outer, "A unit was opened")
    with ExitStack() as stack:
        try:
            stack.enter_context(transaction.atomic(durable=outer is None))
        except RuntimeError as error:
            raise RuntimeError(
                "A unit of work was opened inside transaction.atomic(), which could undo it after "
                "it was reported. Open the unit outside; pages of ModelAdmin may not call services."
            ) from error
        mine = Unit(actor, workspace, connection, len(connection.atomic_blocks))
        stack.callback(_current.reset, _current.set(mine))
        yield mine
        if outer:
            outer.recorded += mine.recorded
            outer.stops |= mine.stops or not switch.is_open()
        else:
            _append(mine)


def record(event: Event) -> None:
    """Say what happened. It is written when the outermost unit ends."""
    mine = _current.get()
    if mine is None or not in_unit():
        raise RuntimeError(f"{event.type} was recorded outside a unit of work.")
    _stand_directly_in(mine, f"{event.type} was recorded")
    call = context.current()
    mine.recorded.append(
        Recorded(
            id=uuid7(),
            workspace_id=mine.workspace_id,
            type=event.type,
            actor_id=mine.actor.actor_id,
            actor_kind=mine.actor.actor_kind,
            payload=event.payload(),
            request_id=call.request_id,
            trace_id=call.trace_id,
            via=call.via,
            at=datetime.now(UTC),
        )
    )


def in_unit() -> bool:
    """Whether a unit of work is open here, so that what takes long would hold its rows."""
    mine = _current.get()
    return mine is not None and mine.connection is connections[DEFAULT_DB_ALIAS]


def begin_epoch(*, reason: str, actor: Actor) -> Epoch:
    """Say that history does not simply go on: a backup was restored, checkpoints were lost.

    A checkpoint announces it first, and names every chain as it now is. An epoch that no operator
    announced in this way is somebody rewriting history.
    """
    keys = Keys.of_this_instance()
    with switch.staying_open(), unit(actor=actor):  # to restore is what one stops for
        _take_the_pen()
        before = Epoch.objects.latest()
        testimony = _recent_testimony(keys)
        last = testimony.last
        after_number, after_digest = max(
            (before.checkpoint_number, bytes(before.checkpoint_digest)),
            (last.number, last.digest) if last else (0, BEGINNING),
        )
        epoch = Epoch(reason=reason)
        checkpoint = next_checkpoint(
            after=testimony,
            number=after_number + 1,
            previous=after_digest,
            epoch=epoch.id,
            moved=_positions(),
            whole=True,
            reason=reason,
            keys=keys,
        )
        _publish(checkpoint, epoch)
        epoch.save()
        record(EpochBegun(epoch=epoch.id, reason=reason))
    return epoch


def write_checkpoint(*, dry_run: bool = False) -> Checkpoint | None:
    """Sign where every chain stands, outside the database. None: nothing moved, or another process
    is at it. It is no unit of work: nothing happened but that we looked.

    A chain that is no continuation of what was signed is refused, loudly, and stays as it was, so
    that a rewritten past is never signed and the other chains are covered all the same.
    """
    with transaction.atomic():
        if not _take_the_pen(wait=False):
            return None
        epoch, keys = Epoch.objects.latest(), Keys.of_this_instance()
        testimony = _recent_testimony(keys)
        last = testimony.last
        if testimony.flaws:
            raise CheckpointsUnsound(f"{CheckpointsUnsound.message} {testimony.flaws[0]}")
        if epoch.checkpoint_number > (last.number if last else 0):
            raise CheckpointsLost
        if last and last.epoch != epoch.id:
            raise EpochUnannounced
        known, present = testimony.positions, _positions()
        moved = {id_: here for id_, here in present.items() if known.get(id_) != here}
        sound = _continuations(known, moved)
        refused = sorted((moved.keys() - sound) | (known.keys() - present.keys()))
        if not sound and refused == list(last.refused if last else ()):
            return None
        if refused:
            log.error("ledger.chains_refused", extra={"workspaces": [str(id_) for id_ in refused]})
        today = datetime.now(UTC).date()
        whole = last is None or last.at.date() != today
        moved = {id_: moved[id_] for id_ in sound}
        checkpoint = next_checkpoint(
            after=testimony,
            number=last.number + 1 if last else 1,
            previous=last.digest if last else BEGINNING,
            epoch=epoch.id,
            moved={**known, **moved} if whole else moved,
            whole=whole,
            refused=refused,
            keys=keys,
        )
        if dry_run:
            return checkpoint
        _publish(checkpoint, epoch)
        epoch.save(update_fields=["checkpoint_number", "checkpoint_digest", "checkpoint_at"])
    return checkpoint


def _take_the_pen(*, wait: bool = True) -> bool:
    """One writer of checkpoints at a time, until its transaction ends."""
    take = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"SELECT {take}(hashtext('ledger.checkpoints'))")
        [answer] = cursor.fetchone()
        return answer is not False


def _recent_testimony(keys: Keys) -> Testimony:
    checkpoints = CheckpointLog(settings.CHECKPOINT_DIR)
    return Testimony(keys.believed).take_all(checkpoints.recent_lines())


def _positions() -> dict[UUID, Position]:
    rows = Chain.objects.filter(seq__gt=0).values_list("workspace_id", "seq", "head")
    return {id_: Position(seq, bytes(head)) for id_, seq, head in rows}


def _continuations(known: Chains, moved: Chains) -> set[UUID]:
    """Which chains moved on from what is known of them: the old head still stands where it was."""
    if not moved:
        return set()
    columns = zip(
        *(
            (id_, *known.get(id_, Position(0, BEGINNING)), *position)
            for id_, position in moved.items()
        ),
        strict=True,
    )
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(
            """
            SELECT chain.id
            FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[], %s::bigint[], %s::bytea[])
                AS chain (id, was, was_head, now, now_head)
            WHERE now > was
                AND (was = 0 OR EXISTS (SELECT FROM ledger_event AS event WHERE
                    event.workspace_id = chain.id AND seq = was AND hash = was_head))
                AND EXISTS (SELECT FROM ledger_event AS event WHERE
                    event.workspace_id = chain.id AND seq = now AND hash = now_head)
            """,
            [list(column) for column in columns],
        )
        return {id_ for (id_,) in cursor.fetchall()}


def _publish(checkpoint: Checkpoint, epoch: Epoch) -> None:
    CheckpointLog(settings.CHECKPOINT_DIR).append(checkpoint)
    epoch.checkpoint_number = checkpoint.number
    epoch.checkpoint_digest = checkpoint.digest
    epoch.checkpoint_at = checkpoint.at


def _stand_directly_in(mine: Unit, what: str) -> None:
    if len(mine.connection.atomic_blocks) != mine.depth:
        raise RuntimeError(
            f"{what} inside transaction.atomic() within a unit of work: were that rolled back, "
            "the event would stay. Open an inner unit() instead."
        )


def _append(mine: Unit) -> None:
    """Take the counters, write the events and commit: one statement, so that a counter is held
    briefly and a unit costs one round trip more than its own queries."""
    if not mine.recorded:
        switch.require_running(mine.workspace_id)  # it may have changed rows all the same
        return
    freely = switch.may_append(stops=mine.stops)
    events = sorted(mine.recorded, key=lambda event: event.workspace_id)
    lines = "\n".join(line for event in events for line in around_seq(event))
    told = [(event.id, task) for event in events for task in told_of(event.type, event.payload)]
    with mine.connection.cursor() as cursor:
        if told:  # before the counters are taken; the foreign key is checked at the commit
            cursor.execute(
                "INSERT INTO ledger_delivery (event_id, subscription, attempts, last_error)"
                " SELECT told.event, told.task, 0, '' FROM unnest(%s::uuid[], %s::text[])"
                " AS told (event, task)",
                [list(column) for column in zip(*told, strict=True)],
            )
        try:
            cursor.execute(f"SELECT ledger_append(%s, %s){_ending(mine)}", [lines, freely])
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", "") == switch.REFUSAL:
                raise KillSwitchOn from error
            raise
        [numbers] = cursor.fetchone()
    for event, seq in zip(events, numbers, strict=True):
        event.seq = seq
    reached = {event.workspace_id: event.seq for event in events}
    for poke in ports.pokes:
        transaction.on_commit(_wake(poke, reached), robust=True)


def _ending(mine: Unit) -> str:
    """What makes the statement that appends the last of its transaction. Django's own commit then
    finds nothing to do, or after an error rolls back as ever."""
    if mine.depth > 1:
        return ""  # a test stands around the unit
    if mine.connection.connection.info.transaction_status == TransactionStatus.IDLE:
        mine.connection.connection.autocommit = True  # a unit that only records needs no BEGIN
        return ""
    return "; COMMIT"


def _wake(poke: ports.Poke, reached: Mapping[UUID, int]) -> Callable[[], None]:
    def wake() -> None:  # no partial: Django asks a failed one for its __qualname__
        poke(reached)

    return wake
