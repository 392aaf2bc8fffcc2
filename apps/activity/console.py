"""What the console's home page shows of the record, and what its palette finds in it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from apps.activity.selectors.events import seen_events
from apps.common.actors import Actor, operates
from apps.common.ids import first_id_at
from apps.common.ports import Found, Reading, finder, tile
from apps.common.texts.clock import HOUR, by_the_clock
from apps.ledger.checkpoints import CheckpointLog
from apps.ledger.models import Delivery

MINUTE = timedelta(minutes=1)
LATE = 5 * MINUTE
"""A checkpoint is written every minute."""
FEW = 8


@tile(title="Events today", icon="history", order=40)
def events_today(actor: Actor) -> Reading:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = seen_events(actor)
    latest = rows.order_by("-id").values_list("at", flat=True).first()
    last = by_the_clock(latest, HOUR) if latest else ""
    return Reading(
        rows.filter(id__gte=first_id_at(midnight)).count(),
        note=f"the last one at {last}" if last else "nothing has happened yet",
        url=reverse("admin:ledger_event_changelist"),
    )


@tile(title="Audit", icon="verified_user", order=50)
def last_checkpoint(_: Actor) -> Reading:
    """How much of the record a signature outside the database already covers."""
    seen = CheckpointLog(settings.CHECKPOINT_DIR).latest_at()
    if seen is None:
        return Reading("unsigned", note="no checkpoint was written yet", tone="attention")
    behind = timezone.now() - seen
    late = behind > LATE
    return Reading(
        "behind" if late else "signed",
        note=f"last checkpoint {timesince(seen)} ago" if behind > MINUTE else "up to this minute",
        tone="attention" if late else "good",
    )


@tile(title="Deliveries waiting", icon="outbox", order=60)
def waiting_deliveries(actor: Actor) -> Reading:
    waiting = Delivery.objects.unfinished()
    if not operates(actor):
        waiting = waiting.filter(event__in=seen_events(actor))
    counted = waiting.aggregate(
        all=Count("id"), parked=Count("id", filter=Q(parked_at__isnull=False))
    )
    return Reading(
        counted["all"],
        note=f"{counted['parked']} parked: replay them" if counted["parked"] else "none is parked",
        url=reverse("admin:ledger_delivery_changelist"),
        tone="attention" if counted["parked"] else "calm",
    )


@finder
def find_events(actor: Actor, words: str) -> Iterable[Found]:
    """By the id of an event or of the request that caused it."""
    wanted = Q(request_id=words)
    with suppress(ValueError):
        wanted |= Q(id=UUID(words))
    for row in seen_events(actor).filter(wanted).order_by("id")[:FEW]:
        yield Found(
            title=row.type,
            description=f"Event {row.seq}",
            link=reverse("admin:ledger_event_change", args=[row.id]),
            icon="history",
        )
