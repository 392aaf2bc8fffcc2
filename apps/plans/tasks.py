"""Celery's door: what became of the approvals that plans wait for."""

from uuid import UUID

from apps.ledger.deliveries import subscriber
from apps.ledger.models import Event
from apps.plans.services import releasing


@subscriber("plans.release_approved_plan")
def release_approved_plan(event: Event) -> None:
    releasing.release_approved_plan(
        plan_id=UUID(event.payload["subject"]),
        request_id=UUID(event.payload["request"]),
        workspace=event.workspace_id,
    )


@subscriber("plans.refuse_plan")
def refuse_plan(event: Event) -> None:
    releasing.refuse_plan(plan_id=UUID(event.payload["subject"]), workspace=event.workspace_id)
