"""What is owed and who consumes: for the relay, the metrics and the doctor."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.activity.models import WebhookMessage, WorkerPulse
from apps.common.prepared import prepared
from apps.ledger.models import Delivery


def consuming_workers() -> list[str]:
    """Those that did lately what they were asked to do."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SILENCE)
    return _heard(since=since)


@prepared
def _heard(*, since: datetime) -> QuerySet[WorkerPulse, str]:
    return WorkerPulse.objects.filter(at__gt=since).values_list("worker", flat=True)


def last_pulse() -> datetime | None:
    found: datetime | None = WorkerPulse.objects.aggregate(at=Max("at"))["at"]
    return found


@dataclass(frozen=True)
class Backlog:
    open: int
    due: int
    """Those of the open ones that the relay should start now; the others were started, and wait."""
    parked: int
    oldest: datetime | None
    """When the oldest open one became due for the first time, as its event tells."""
    overdue_since: datetime | None
    """Since when one is due that was not started."""


def backlog() -> Backlog:
    found = Delivery.objects.unfinished().aggregate(
        open=Count("id", filter=Q(parked_at__isnull=True)),
        due=Count("id", filter=Q(parked_at__isnull=True, next_at__lte=Now())),
        parked=Count("id", filter=Q(parked_at__isnull=False)),
        oldest=Min("event__at", filter=Q(parked_at__isnull=True)),
        overdue_since=Min("next_at", filter=Q(parked_at__isnull=True, next_at__lte=Now())),
    )
    return Backlog(**found)


@dataclass(frozen=True)
class UnsentWebhooks:
    messages: int
    oldest: datetime | None
    """When the oldest of them was made, or replayed."""
    failing: int
    """Endpoints that did not take what they were sent last, and owe an answer."""


def unsent_webhooks() -> UnsentWebhooks:
    """What waits for a disabled endpoint is not sent until that is enabled, so it does not count.

    Each endpoint makes messages of the newest events before it sends: those are not counted yet.
    """
    found = WebhookMessage.objects.waiting().filter(
        endpoint__disabled_at__isnull=True, endpoint__workspace__deleted_at__isnull=True
    )
    return UnsentWebhooks(
        **found.aggregate(
            messages=Count("id"),
            oldest=Min("since"),
            failing=Count("endpoint", filter=Q(endpoint__failures__gt=0), distinct=True),
        )
    )
