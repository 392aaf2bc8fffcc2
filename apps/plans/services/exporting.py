"""Handing plans out to be applied, as the policy that holds now lets them be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.approvals.choices import Because, Outcome
from apps.approvals.selectors.requests import approval_about
from apps.common.actors import Actor
from apps.common.errors import DomainError, NotFound
from apps.ledger.services import record, unit
from apps.plans.artifacts import Artifact
from apps.plans.choices import KIND, PlanState, RiskBudget
from apps.plans.drawing import Drawing, act_of, draw_plan
from apps.plans.errors import PlanRefused, PlanWaiting, VariantHeld
from apps.plans.events import PlanExported
from apps.plans.models import Plan
from apps.plans.pulls import Pull, digest_of_patch, pull_of
from apps.plans.selectors.plans import opened
from apps.plans.services.proposing import preview_plan, propose_once
from apps.plans.services.releasing import release_if_approved
from apps.plans.services.weighing import require_scales, variant_as_act
from apps.policies.choices import Effect
from apps.policies.services.judging import Hearing, require_allowed

ASKS_SINCE = (
    "The policy, or the proposer's role, changed since and asks for approval. Propose anew."
)
REFUSED = {
    Outcome.DENIED: "It was denied.",
    Outcome.CHANGES_REQUESTED: "Changes were asked for: make them, and propose anew.",
    Outcome.EXPIRED: "Nobody denied it, but its time ran out: propose anew.",
    Outcome.CANCELLED: "It is not asked for any more: propose anew.",
    Outcome.SUPERSEDED: "A newer proposal took its place.",
}
SOON = 1
"""Seconds until a worker has released what was approved."""


@dataclass(frozen=True, kw_only=True)
class PullWanted:
    """How a pull request shall be."""

    variant_id: str
    branch: str = ""
    labels: Sequence[str] = ()
    draft: bool = True
    dry_run: bool = False


def export_plan(*, plan: Plan, wanted: PullWanted, actor: Actor) -> Pull:
    """A variant as a pull request in words. A dry run records nothing."""
    require(actor=actor, workspace_id=plan.workspace_id, permission=Permission.WRITE)
    if not wanted.dry_run:
        release_if_approved(plan)
    artifact = exportable_artifact(plan, wanted.variant_id)
    pull = _pull(artifact, wanted, plan)
    if wanted.dry_run:
        return pull
    with unit(actor=actor, workspace=plan.workspace_id):
        locked = _lock(plan, actor)
        if locked.exported_at is None:
            locked.exported_at = timezone.now()
            locked.save(update_fields=["exported_at"])
        record(
            PlanExported(
                plan=locked.id,
                file=locked.file,
                digest=locked.digest,
                variant=wanted.variant_id,
                patch_digest=digest_of_patch(pull.patch),
            )
        )
    return pull


def propose_pull(
    *,
    drawing: Drawing,
    budget: RiskBudget,
    wanted: PullWanted,
    actor: Actor,
    workspace: UUID,
    hearing: Hearing | None = None,
) -> Pull:
    """From an intent to a pull request at once. Asked for again, it is the same plan: so whoever
    had to wait for an approval asks again."""
    asked: dict[str, Any] = {
        "drawing": drawing,
        "budget": budget,
        "actor": actor,
        "workspace": workspace,
        "hearing": hearing,
    }
    if wanted.dry_run:
        seen = preview_plan(**asked)
        return _pull(seen.artifact, wanted, seen.plan)
    return export_plan(plan=propose_once(**asked), wanted=wanted, actor=actor)


def exportable_artifact(plan: Plan, variant_id: str = "") -> Artifact:
    """The artifact, if this variant of it (or all of it) may be handed out by the policy that
    holds now."""
    if plan.state in (PlanState.WAITING, PlanState.REFUSED):
        raise _not_approved(plan)
    found, scales = opened(plan), require_scales(plan)
    drawing = draw_plan(found.sent, name=plan.name)
    whole = scales.weigh(act_of(drawing))
    require_allowed(whole)
    if whole.effect == Effect.REQUIRE and plan.state == PlanState.READY:
        raise PlanWaiting(ASKS_SINCE)
    if variant_id:
        effect = scales.weigh(variant_as_act(found.artifact, variant_id, drawing)).effect
        if effect == Effect.DENY or (effect == Effect.REQUIRE and plan.state == PlanState.READY):
            raise VariantHeld
    return found.artifact


def _not_approved(plan: Plan) -> DomainError:
    """What is said is what the request says, which is ahead of the worker."""
    request = approval_about(kind=KIND, subject=plan.id)
    outcome = request.outcome if request else None
    detail = {
        "field": "plan",
        "plan": str(plan.id),
        "approval": request.as_json() if request else None,
    }
    if request is None or outcome in (None, Outcome.ALLOWED):
        soon = SOON if outcome else None
        return PlanWaiting(details=[{**detail, "message": "It waits."}], retry_after=soon)
    because = Because(request.because).label
    said = REFUSED[Outcome(str(outcome))]
    return PlanRefused(
        f"{PlanRefused.message} {said}",
        details=[{**detail, "outcome": outcome, "because": request.because, "message": because}],
    )


def _lock(plan: Plan, actor: Actor) -> Plan:
    found = Plan.objects.visible_to(actor).filter(id=plan.id)
    locked = found.select_for_update(of=("self",)).first()
    if locked is None:
        raise NotFound
    return locked


def _pull(artifact: Artifact, wanted: PullWanted, plan: Plan) -> Pull:
    return pull_of(
        artifact,
        variant_id=wanted.variant_id,
        state=plan.state,
        branch=wanted.branch,
        labels=wanted.labels,
        draft=wanted.draft,
        dry_run=wanted.dry_run,
    )
