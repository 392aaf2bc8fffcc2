"""What is owed and who consumes: for the relay, the metrics and the doctor."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q
from django.utils import timezone

from apps.activity.models import WorkerPulse
from apps.ledger.models import Delivery


def consuming_workers() -> list[str]:
    """Those that did lately what they were asked to do."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SILENCE)
    return list(WorkerPulse.objects.filter(at__gt=since).values_list("worker", flat=True))


@dataclass(frozen=True)
class Backlog:
    open: int
    parked: int
    oldest: datetime | None
    """When the oldest open one became due for the first time, as its event tells."""


def backlog() -> Backlog:
    found = Delivery.objects.unfinished().aggregate(
        open=Count("id", filter=Q(parked_at__isnull=True)),
        parked=Count("id", filter=Q(parked_at__isnull=False)),
        oldest=Min("event__at", filter=Q(parked_at__isnull=True)),
    )
    return Backlog(**found)
