"""What comes of a plan that waits: it is released once its approval is consumed, or refused."""

from uuid import UUID

from django.utils import timezone

from apps.approvals.choices import Outcome
from apps.approvals.selectors.requests import approval_about
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.ledger.services import record, unit
from apps.plans.choices import KIND, PlanState
from apps.plans.events import PlanRefused, PlanReleased
from apps.plans.models import Plan


def release_approved_plan(*, plan_id: UUID, request_id: UUID, workspace: UUID) -> None:
    """Consumes its approval, once, if that still holds. Of a request and its plan the request is
    always held first."""
    with unit(actor=SYSTEM, workspace=workspace):
        consumed = consume_request(request_id=request_id)
        plan = _hold(plan_id)
        if not consumed.ok or plan is None or plan.state != PlanState.WAITING:
            return
        plan.state, plan.released_at = PlanState.RELEASED, timezone.now()
        plan.released_by = consumed.decided_by
        plan.save(update_fields=["state", "released_by", "released_at"])
        record(PlanReleased(plan=plan.id, file=plan.file, digest=plan.digest, request=request_id))


def release_if_approved(plan: Plan) -> None:
    """For who exports sooner than the worker releases."""
    if plan.state != PlanState.WAITING:
        return
    request = approval_about(kind=KIND, subject=plan.id)
    if request is not None and request.outcome == Outcome.ALLOWED:
        release_approved_plan(plan_id=plan.id, request_id=request.id, workspace=plan.workspace_id)
        plan.refresh_from_db()  # whole: whoever decided may have narrowed it


def refuse_plan(*, plan_id: UUID, workspace: UUID) -> None:
    """Its request is over, and not by approval."""
    with unit(actor=SYSTEM, workspace=workspace):
        plan, request = _hold(plan_id), approval_about(kind=KIND, subject=plan_id)
        over = request.outcome not in (None, Outcome.ALLOWED) if request else False
        if plan is None or request is None or plan.state != PlanState.WAITING or not over:
            return
        plan.state = PlanState.REFUSED
        plan.save(update_fields=["state"])
        record(
            PlanRefused(
                plan=plan.id,
                file=plan.file,
                digest=plan.digest,
                request=request.id,
                outcome=str(request.outcome),
                because=request.because,
            )
        )


def _hold(plan_id: UUID) -> Plan | None:
    found = Plan.objects.select_for_update(of=("self",)).filter(id=plan_id)
    return found.defer("sealed", "sealed_intent").first()
