"""Celery's door."""

from uuid import UUID

from celery import shared_task

from apps.activity import presence
from apps.activity.services import sending, webhooks
from apps.activity.services.pulses import note_pulse
from apps.activity.watchdog import PULSE
from apps.common.actors import SYSTEM
from apps.ledger.deliveries import subscriber
from apps.ledger.models import Event
from apps.ledger.switch import stays_open


@shared_task(name=PULSE)
@stays_open
def pulse(worker: str) -> None:
    note_pulse(worker=worker)


@shared_task(name=sending.TASK)
def send_webhooks(endpoint: str) -> None:
    sending.send_webhooks(endpoint_id=UUID(endpoint))


@shared_task(name="activity.forget_old_messages")
def forget_old_messages() -> None:
    sending.forget_old_messages()


@subscriber("activity.forget_webhooks")
def forget_webhooks(event: Event) -> None:
    webhooks.forget_webhooks(workspace_id=event.workspace_id, actor=SYSTEM)


@subscriber("activity.dismiss_presences")
def dismiss_presences(event: Event) -> None:
    """Whoever left a workspace, with agents or not, is seen there no more."""
    gone = (event.payload["member"], *event.payload["agents_removed"])
    presence.dismiss(workspace_id=event.workspace_id, users=map(UUID, gone))
