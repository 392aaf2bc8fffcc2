"""Changing a plan that waits, by who decides on it: its contents edited, or narrowed to some of its
operations. What is left out becomes a plan of its own, of the same proposer.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from apps.accounts.models import User
from apps.approvals.errors import NotReshapable
from apps.approvals.parts import require_no_rego, require_stands
from apps.approvals.ports import Reshaped
from apps.common.actors import Actor
from apps.common.bodies import details_of
from apps.common.errors import NotFound
from apps.ledger.services import record, unit
from apps.plans.choices import PlanState, RiskBudget
from apps.plans.drawing import Drawing, act_of, draw_plan, settled
from apps.plans.events import PlanReshaped
from apps.plans.models import Plan
from apps.plans.patches.files import FilePatch
from apps.plans.patches.writing import patch_text
from apps.plans.reviewing import needs_of
from apps.plans.schemas import PlanIn
from apps.plans.selectors.plans import opened, plain
from apps.plans.services.proposing import build_plan, fill_plan, keep_plan, seal_plan, sketch
from apps.plans.services.weighing import require_scales
from apps.policies.ports import Verdict
from apps.policies.services.judging import Scales, require_allowed, scales_for

EDITED = ("changes", "patch")


def edit_plan(*, plan_id: UUID, edits: Mapping[str, Any], actor: Actor) -> Reshaped:
    """Its changes are replaced by these. They are judged as the proposer's, and as the editor's."""
    require_no_rego()
    plan = _hold(plan_id)
    before = draw_plan(opened(plan).sent, name=plan.name)
    edited = draw_plan(_edited(before.sent, edits), name=plan.name)
    if plain(edited.sent) == plain(before.sent):
        return Reshaped(digest=plan.digest, verdict=require_scales(plan).weigh(act_of(before)))
    untouched = _paths(before.files) - _paths(edited.files)
    drawing = draw_plan(_aimed(edited.sent, untouched), name=plan.name)
    require_allowed(scales_for(actor=actor, workspace=plan.workspace_id).weigh(act_of(drawing)))
    return _put(plan, drawing, require_scales(plan), actor)


def narrow_plan(*, plan_id: UUID, operations: Sequence[int], actor: Actor) -> Reshaped:
    """Only these of its operations are kept in it."""
    plan = _hold(plan_id)
    whole = draw_plan(opened(plan).sent, name=plan.name)
    taken = sorted(set(operations))
    require_stands(taken, needs_of(whole.files) if whole.steps else [()])
    scales = require_scales(plan)
    left = [number for number in range(len(whole.steps)) if number not in taken]
    if not left:
        return Reshaped(digest=plan.digest, verdict=scales.weigh(act_of(whole)))
    require_no_rego()
    drawing = draw_plan(_part(whole, taken), name=plan.name)
    return _put(plan, drawing, scales, actor, rest=sketch(_part(whole, left)))


def _put(
    plan: Plan, drawing: Drawing, scales: Scales, actor: Actor, *, rest: Drawing | None = None
) -> Reshaped:
    verdict, before = scales.weigh(act_of(drawing)), plan.digest
    require_allowed(verdict)
    proposer = User.objects.get(id=plan.proposer_id)
    with unit(actor=actor, workspace=plan.workspace_id):
        artifact = fill_plan(plan, drawing, verdict, scales, proposer=proposer)
        seal_plan(plan, artifact, drawing)
        plan.save()
        beside, rest_verdict = _keep_rest(plan, rest, scales, proposer) if rest else (None, None)
        record(
            PlanReshaped(
                plan=plan.id,
                file=plan.file,
                before=before,
                digest=plan.digest,
                operations=plan.operations,
                rest=beside,
            )
        )
    return Reshaped(digest=plan.digest, verdict=verdict, rest=beside, rest_verdict=rest_verdict)


def _keep_rest(
    plan: Plan, rest: Drawing, scales: Scales, proposer: Actor
) -> tuple[UUID | None, Verdict | None]:
    """What the policy that holds now denies is not kept."""
    verdict = scales.weigh(act_of(rest))
    if verdict.denied:
        return None, None
    made = build_plan(
        rest,
        verdict,
        scales,
        budget=RiskBudget(plan.risk_budget),
        proposer=proposer,
        workspace=plan.workspace_id,
    )
    keep_plan(made, rest)
    return made.plan.id, verdict


def _hold(plan_id: UUID) -> Plan:
    plan = Plan.objects.select_for_update(of=("self",)).filter(id=plan_id).first()
    if plan is None:
        raise NotFound
    if plan.state != PlanState.WAITING:
        raise NotReshapable("This plan waits for nobody any more, and stays as it is.")
    return plan


def _edited(before: PlanIn, edits: Mapping[str, Any]) -> PlanIn:
    unknown = sorted(set(edits) - set(EDITED))
    if unknown or not edits:
        raise NotReshapable(
            "Of a plan its changes can be edited: send `changes` or `patch`, as it is proposed.",
            details=[{"field": f"edits.{name}", "message": "Not of a plan."} for name in unknown],
        )
    kept = {name: value for name, value in plain(before).items() if name not in EDITED}
    try:
        sent = PlanIn.model_validate({**kept, **edits})
    except ValidationError as error:
        raise NotReshapable(details=details_of(error, below="edits")) from error
    if not sent.changes and not sent.patch:
        raise NotReshapable("Nothing would be left of it: reject it instead.")
    return sent


def _part(whole: Drawing, numbers: Collection[int]) -> PlanIn:
    """As if these alone had been sent."""
    sent = whole.sent
    left = [file for number, file in enumerate(whole.files) if number not in numbers]
    if sent.patch is not None:
        kept: dict[str, Any] = {"patch": patch_text([whole.files[number] for number in numbers])}
    else:
        kept = {"changes": [sent.changes[number] for number in numbers]}
    return _aimed(sent.model_copy(update=kept), _paths(left))


def _aimed(sent: PlanIn, untouched: Collection[str]) -> PlanIn:
    """A target that nothing touches any more is none."""
    left = [path for path in sent.target_paths if settled(path) not in untouched]
    return sent.model_copy(update={"target_paths": left})


def _paths(files: Iterable[FilePatch]) -> set[str]:
    return {path for file in files for path in file.paths}
