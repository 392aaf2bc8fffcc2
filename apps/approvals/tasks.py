"""Celery's door: time, and what happened elsewhere, come in here."""

from uuid import UUID

from celery import shared_task

from apps.approvals.services import clock, weighing
from apps.ledger.deliveries import subscriber
from apps.ledger.models import Event


@shared_task(name=clock.TASK)
def turn_clock(request: str) -> None:
    clock.turn_clock(request_id=UUID(request))


@subscriber("approvals.weigh_open_requests")
def weigh_open_requests(event: Event) -> None:
    """Another policy holds from now on."""
    weighing.weigh_open_requests(workspace=event.workspace_id)


@subscriber("approvals.recount_open_requests")
def recount_open_requests(event: Event) -> None:
    """Somebody is not a member any more, or stands otherwise."""
    weighing.recount_open_requests(workspace=event.workspace_id)


@subscriber("approvals.recount_everywhere")
def recount_everywhere(event: Event) -> None:
    """Somebody was disabled or enabled, or an agent has another owner: it is so in every workspace
    of theirs."""
    who = event.payload.get("agent") or event.payload["person"]
    weighing.recount_everywhere(user=UUID(who))
