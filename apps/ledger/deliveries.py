"""Deliveries: what subscribers are owed of an event, until they have done their part.

The relay (apps/activity) starts those that are due; a task of the subscriber's room takes one:

    @subscriber("specs.apply_mutation")
    def apply_mutation(event: Event) -> None:
        applying.apply_mutation(proposal_id=..., workspace=event.workspace_id)

The body is one unit of work in the event's workspace, and the delivery is marked done in it, so
what is started twice still happens once. Effects outside PostgreSQL come later, from a row.
"""

import random
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TypeVar

from celery import Task, current_app, shared_task
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.common import context
from apps.common.actors import SYSTEM, Actor
from apps.common.batches import delete_in_batches
from apps.common.errors import DomainError, Unavailable
from apps.common.ids import first_id_at
from apps.common.prepared import prepared
from apps.ledger.events import DeliveriesReplayed
from apps.ledger.models import Delivery, DeliveryQuerySet, Event, KillSwitch
from apps.ledger.services import record, unit
from apps.ledger.subscriptions import concerns

FIRST_WAIT = timedelta(seconds=10)
"""Short, because a broker that was emptied has forgotten what it was told."""
LONGEST_WAIT = timedelta(hours=12)
MAX_ATTEMPTS = 17
"""Three days of waiting, less the jitter."""
LOST = 3
"""So many attempts more are made after the first wait: of what is not heard of again, most was lost
with a worker that was killed, and is done as soon as another one has it."""
PART_TAKES = timedelta(seconds=5)
"""Of work of many parts one, at most."""
ROLLOUT = timedelta(minutes=5)
"""In which processes of a new release may meet some of the old one, who do not know its tasks."""
NOBODY_KNOWS = (
    "No task has this name: its subscription was removed, or is of another release. Replay it once "
    "a release that has it runs everywhere; otherwise leave it parked."
)


def wait_after(attempts: int) -> timedelta:
    """How long to wait for the outcome of this attempt, before the next one."""
    doubled: timedelta = FIRST_WAIT * 2 ** min(attempts - 1, 20)
    wait: timedelta = min(doubled, LONGEST_WAIT)
    return wait * random.uniform(0.8, 1.0)  # noqa: S311


# --- the relay's side


@dataclass(frozen=True)
class Start:
    """What the broker is told: a task, and the id it takes."""

    task: str
    id: int | str


def claim(limit: int, crowded: Collection[str] = ()) -> list[Start]:
    """Those that are due, except for what was tried too often or nobody knows: that is parked.

    The attempt is counted and the next one planned before anything is sent, so a relay that dies
    in between leaves nothing behind that would not be started again.
    """
    with transaction.atomic():
        due = _due(crowded=list(crowded), limit=limit)
        due.sort(key=lambda delivery: (delivery.event.workspace_id, delivery.event.seq))
        now = timezone.now()
        for delivery in due:
            unknown = delivery.subscription not in current_app.tasks
            if unknown:
                delivery.last_error = NOBODY_KNOWS
            tried_out = delivery.attempts >= MAX_ATTEMPTS + LOST
            if tried_out or (unknown and delivery.event.at < now - ROLLOUT):
                delivery.parked_at = now
            else:
                delivery.attempts += 1
                delivery.next_at = now + wait_after(max(delivery.attempts - LOST, 1))
        _save_plans(due)
    return [Start(d.subscription, d.pk) for d in due if d.parked_at is None]


@prepared
def _due(*, crowded: list[str], limit: int) -> QuerySet[Delivery]:
    stopped = KillSwitch.objects.stopping(OuterRef("event__workspace_id"))
    due = Delivery.objects.due().exclude(Exists(stopped)).exclude(subscription__in=crowded)
    due = due.select_related("event").defer("event__payload")
    return due.select_for_update(skip_locked=True, of=("self",))[:limit]


def _save_plans(due: Sequence[Delivery]) -> None:
    """One short statement: Django's has a case of each row for each column."""
    names = ("id", "attempts", "next_at", "parked_at", "last_error")
    if due:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ledger_delivery AS delivery SET attempts = plan.attempts,"
                " next_at = plan.next_at, parked_at = plan.parked_at, last_error = plan.last_error"
                " FROM unnest(%s::bigint[], %s::integer[], %s::timestamptz[], %s::timestamptz[],"
                " %s::text[]) AS plan (id, attempts, next_at, parked_at, last_error)"
                " WHERE delivery.id = plan.id",
                [[getattr(delivery, name) for delivery in due] for name in names],
            )


def give_back(unsent: Sequence[Start]) -> None:
    """What no broker took was not an attempt."""
    Delivery.objects.open().filter(pk__in=[start.id for start in unsent]).update(
        attempts=F("attempts") - 1, next_at=timezone.now()
    )


# --- the subscriber's side


def subscriber(name: str) -> Callable[[Callable[[Event], None]], Task[[int], None]]:
    """Make a Celery task of this name that takes a delivery's id and hands on its event."""

    def furnish(body: Callable[[Event], None]) -> Task[[int], None]:
        @shared_task(name=name)
        def task(delivery: int) -> None:
            with taking(delivery) as taken:
                if taken and concerns(name, taken.event.payload):  # an older release told everybody
                    body(taken.event)

        task.__doc__ = body.__doc__
        return task

    return furnish


Part = TypeVar("Part")


def piecemeal(
    name: str,
    parts: Callable[[Event], Sequence[Part]],
    *,
    takes: Callable[[], timedelta] = lambda: PART_TAKES,
) -> Callable[[Callable[[Event, Part], None]], Task[[int], None]]:
    """Like `subscriber`, for work of many parts: the body does one, in a unit of work of its own,
    so that none waits for the others or is undone with them, unless what it needs is not there.
    Until none fails all are done again: one that was done already has to find nothing to do.
    `takes`: how long one does at most; who dies over it is missed for twice as long."""

    def furnish(body: Callable[[Event, Part], None]) -> Task[[int], None]:
        @shared_task(name=name)
        def task(delivery: int) -> None:
            found = _open.first(id_=delivery)
            if found is None:
                return
            with _holding(found, takes) as hold:
                if hold is None:
                    return
                with _as_subscriber(found):
                    failed = _each(found, parts, body, hold)
                if hold.is_lost:
                    return
                with taking(delivery):
                    if failed is not None:
                        raise failed

        task.__doc__ = body.__doc__
        return task

    return furnish


class _Hold:
    """That nobody else begins a delivery until a moment, which is also when it is due again. By
    its microseconds it is known whose moment that is."""

    def __init__(self, delivery: Delivery, takes: timedelta) -> None:
        self.row = Delivery.objects.filter(pk=delivery.pk)
        self.planned, self.takes = delivery.next_at, takes
        self.said: list[datetime] = []
        self.is_lost = False
        """A part took longer than it may, and somebody else has it now."""

    def take(self) -> bool:
        """False: somebody has it, or had it meanwhile. It may have been started twice before
        anybody came to it."""
        now = timezone.now()
        free = self.row.open().filter(Q(held_until=None) | Q(held_until__lte=now))
        ends_in_time = self.planned >= now + self.takes
        until = self.planned if ends_in_time else now + 2 * self.takes
        return self._say(until, free.filter(next_at=self.planned))

    def keep(self) -> bool:
        """For one part more. False: it is lost."""
        if self.said[-1] < timezone.now() + self.takes:
            self.is_lost = not self._say(timezone.now() + 2 * self.takes, self._mine())
        return not self.is_lost

    def let_go(self) -> None:
        """As if nobody had taken it; also if only the answer was lost to whoever did."""
        if not connection.in_atomic_block:
            connection.close()  # it may be what failed
        with suppress(DatabaseError):  # then it is missed when the hold ends
            self._mine().update(held_until=None, next_at=self.planned)

    def _mine(self) -> DeliveryQuerySet:
        return self.row.filter(held_until__in=self.said)

    def _say(self, until: datetime, where: DeliveryQuerySet) -> bool:
        moment = until + timedelta(microseconds=random.randrange(1_000_000))  # noqa: S311
        self.said.append(moment)  # before it is known whether it stands there
        return bool(where.update(held_until=moment, next_at=moment))


@contextmanager
def _holding(delivery: Delivery, takes: Callable[[], timedelta]) -> Iterator[_Hold | None]:
    """What fails is tried again when it was to be; who dies over it is missed when the hold ends.
    None: somebody else has it."""
    hold = _Hold(delivery, takes())
    try:
        yield hold if hold.take() else None
    except Exception:
        hold.let_go()
        raise


def _each(
    delivery: Delivery,
    parts: Callable[[Event], Sequence[Part]],
    body: Callable[[Event, Part], None],
    hold: _Hold,
) -> Exception | None:
    """The first that fails."""
    failed = None
    try:
        for part in parts(delivery.event):
            if not hold.keep():
                break
            try:
                body(delivery.event, part)
            except Exception as error:  # noqa: BLE001 - raised once the others have had their turn
                failed = failed or error
                if isinstance(error, Unavailable):  # for the others, too
                    break
    except Exception as error:  # noqa: BLE001 - raised by the one that takes it
        failed = error
    return failed


@contextmanager
def taking(delivery_id: int) -> Iterator[Delivery | None]:
    """A unit of work in which the delivery is done; None if somebody else did or does it.

    What goes wrong inside is undone, noted on the delivery, and raised.
    """
    found = _open.first(id_=delivery_id)
    if found is None:
        yield None
        return
    try:
        with _as_subscriber(found), unit(actor=SYSTEM, workspace=found.event.workspace_id):
            if not _held(id_=delivery_id):
                yield None
                return
            yield found
            Delivery.objects.filter(pk=delivery_id).update(done_at=timezone.now(), last_error="")
    except BaseException as error:
        _note_failure(delivery_id, error)
        raise


@prepared
def _open(*, id_: int) -> QuerySet[Delivery]:
    return Delivery.objects.open().select_related("event").filter(pk=id_)


@prepared
def _held(*, id_: int) -> QuerySet[Delivery, int]:
    found = Delivery.objects.open().filter(pk=id_).select_for_update(skip_locked=True)
    return found.values_list("pk", flat=True)


def _as_subscriber(delivery: Delivery) -> AbstractContextManager[object]:
    """What it records says through which subscription it came, and of whose request it follows."""
    call = replace(
        context.current(),
        request_id=delivery.event.request_id,
        trace_id=delivery.event.trace_id,
        via=f"task:{delivery.subscription}",
    )
    return context.call(**asdict(call))


def _note_failure(delivery_id: int, error: BaseException) -> None:
    """Only what kind of error and where: its message may hold what nobody should read."""
    with transaction.atomic():
        failed = Delivery.objects.open().filter(pk=delivery_id).select_for_update().first()
        if failed is None:
            return
        failed.last_error = kind_of_error(error)
        if failed.attempts >= MAX_ATTEMPTS + LOST:
            failed.parked_at = timezone.now()
        failed.save(update_fields=["last_error", "parked_at"])


def kind_of_error(error: BaseException) -> str:
    code = f" ({error.code})" if isinstance(error, DomainError) else ""
    place = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
    where = f" at {place.filename.rpartition('/')[2]}:{place.lineno}" if place else ""
    return f"{type(error).__name__}{code}{where}"[:200]


# --- the clock's side


def forget_done() -> int:
    """What is done stays for a while, for those who ask when; the event itself stays for good.

    Old rows are found by the ids of their events, which are ordered by time and have an index.
    """
    past = timezone.now() - timedelta(days=settings.DELIVERY_LOG_DAYS)
    old = Delivery.objects.filter(event_id__lt=first_id_at(past), done_at__lt=past)
    return delete_in_batches(old)


# --- the operator's side


def replay(*, parked: DeliveryQuerySet, actor: Actor) -> int:
    """Have what was parked started again, with all its attempts before it."""
    with unit(actor=actor):
        locked = list(
            parked.parked()
            .select_for_update(of=("self",))
            .select_related("event")
            .order_by("event__workspace_id", "id")
        )
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in locked]).update(
            attempts=0, next_at=timezone.now(), parked_at=None
        )
        for workspace, deliveries in groupby(locked, lambda d: d.event.workspace_id):
            with unit(actor=actor, workspace=workspace):
                counts = Counter(delivery.subscription for delivery in deliveries)
                record(DeliveriesReplayed(counts=dict(counts)))
    return len(locked)
