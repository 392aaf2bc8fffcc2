"""What the relay and a worker do about webhooks, and how their receivers read them."""

from uuid import UUID

from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from apps.activity.models import WebhookEndpoint, WebhookMessage
from apps.activity.services import sending
from apps.ledger.models import Event


def send() -> None:
    """As the relay and a worker would: whatever is due."""
    for start in sending.claim(10):
        sending.send_webhooks(endpoint_id=UUID(str(start.id)))


def time_passes() -> None:
    WebhookEndpoint.objects.update(next_at=timezone.now())
    WebhookMessage.objects.update(next_at=timezone.now())


def opened(received, secret):
    """Verified by a library that is not ours."""
    return Webhook(secret).verify(received.body, received.headers)


def event_types() -> list[str]:
    return list(Event.objects.order_by("seq").values_list("type", flat=True))
