"""What the policy that holds now says to a plan that was made before."""

from uuid import UUID

from apps.common.errors import NotAllowed
from apps.plans.artifacts import Artifact
from apps.plans.drawing import Drawing, act_of_cut
from apps.plans.models import Plan
from apps.policies.ports import Act
from apps.policies.services.judging import Scales, scales_of


def scales_of_plan(plan: Plan, *, by: UUID | None = None) -> Scales | None:
    """As whoever proposed it, or as if somebody else had (`by`). None: they are not here any
    more."""
    return scales_of(
        proposer=by or plan.proposer_id, workspace=plan.workspace_id, at=plan.created_at
    )


def require_scales(plan: Plan) -> Scales:
    scales = scales_of_plan(plan)
    if scales is None:
        raise NotAllowed("Whoever proposed this plan is not here any more. Propose it anew.")
    return scales


def variant_as_act(artifact: Artifact, variant_id: str, drawing: Drawing) -> Act:
    variant = artifact.variant(variant_id)
    steps = [drawing.steps[number] for number in variant["operations"]]
    texts = {"intent": drawing.intent, "context": drawing.context}
    return act_of_cut(steps, [drawing.note] if variant["note"] else (), texts)
