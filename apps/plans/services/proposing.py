"""Proposing plans: created when the policy lets them be, and asked about where it wants approval.
Nothing here writes a file of anybody's: a plan is rows.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.keyring import encrypt
from apps.accounts.selectors.standing import require
from apps.approvals.selectors.requests import approval_of
from apps.approvals.services.opening import may_take_up, open_request, take_up
from apps.approvals.services.reviews import sample
from apps.common.actors import Actor
from apps.common.errors import Invalid
from apps.common.ids import uuid7
from apps.common.rows import insert
from apps.ledger.services import record, unit
from apps.plans.artifacts import Artifact, artifact_of
from apps.plans.choices import KIND, PlanState, RiskBudget
from apps.plans.drawing import Drawing, act_of, draw_plan
from apps.plans.events import PlanCreated, PlanDenied
from apps.plans.models import Plan
from apps.plans.reviewing import in_words
from apps.plans.schemas import PlanIn
from apps.plans.selectors.plans import asked_digest, packed, plain, plan_asked_before
from apps.plans.variants import variants_of
from apps.policies.acts import digest_of_act
from apps.policies.choices import Door, Effect
from apps.policies.ports import Approval, Verdict
from apps.policies.services.judging import (
    Hearing,
    Scales,
    hear,
    judge_act,
    require_allowed,
    scales_for,
    weigh_act,
)
from apps.policies.services.observing import observe

MOST_PATHS = 200
"""So many of a plan's paths are found without opening it."""


@dataclass(frozen=True, kw_only=True)
class Proposed:
    plan: Plan
    artifact: Artifact
    verdict: Verdict
    approval: Approval | None = None
    """The request that it waits for, or that owes a later look at it."""


def sketch(sent: PlanIn) -> Drawing:
    """What will be judged. Its name is its own, however many are made in a second."""
    now, own = datetime.now(UTC), uuid7().hex[-12:]
    return draw_plan(sent, name=f"plan_{now:%Y%m%dT%H%M%SZ}_{own}")


def create_plan(
    *,
    drawing: Drawing,
    budget: RiskBudget,
    actor: Actor,
    workspace: UUID,
    hearing: Hearing | None = None,
    follows: UUID | None = None,
) -> Proposed:
    """The whole of it is judged before anything is kept. A denial is recorded, and raised. Where
    the policy asks for approval it waits, and people are asked. `follows` is the request of an
    earlier plan, which waits no more once this one is kept."""
    _require_may_follow(follows, actor, workspace)
    heard = hearing or hear(act=act_of(drawing), actor=actor, workspace=workspace)
    with unit(actor=actor, workspace=workspace):
        judged = _propose(drawing, budget, actor, workspace, heard, follows)
    return _passed(*judged)


def preview_plan(
    *,
    drawing: Drawing,
    budget: RiskBudget,
    actor: Actor,
    workspace: UUID,
    hearing: Hearing | None = None,
) -> Proposed:
    """What it would become. Nothing is kept or recorded."""
    require(actor=actor, workspace_id=workspace, permission=Permission.WRITE)
    scales = scales_for(actor=actor, workspace=workspace)
    verdict = weigh_act(act=act_of(drawing), actor=actor, workspace=workspace, hearing=hearing)
    require_allowed(verdict)
    return build_plan(drawing, verdict, scales, budget=budget, proposer=actor, workspace=workspace)


def propose_once(
    *,
    drawing: Drawing,
    budget: RiskBudget,
    actor: Actor,
    workspace: UUID,
    hearing: Hearing | None = None,
) -> Plan:
    """The very same asked for before is the same plan: two who ask at once do not both propose."""
    heard = hearing or hear(act=act_of(drawing), actor=actor, workspace=workspace)
    asked = asked_digest(drawing.sent, budget)
    with unit(actor=actor, workspace=workspace):
        _ask_alone(workspace, actor, asked)
        plan = plan_asked_before(asked=asked, workspace_id=workspace, actor=actor)
        if plan is not None:
            return plan
        judged = _propose(drawing, budget, actor, workspace, heard)
    return _passed(*judged).plan


def build_plan(
    drawing: Drawing,
    verdict: Verdict,
    scales: Scales,
    *,
    budget: RiskBudget,
    proposer: Actor,
    workspace: UUID,
) -> Proposed:
    """Unsaved."""
    plan = Plan(
        workspace_id=workspace,
        name=drawing.name,
        state=PlanState.READY if verdict.effect == Effect.ALLOW else PlanState.WAITING,
        risk_budget=budget,
        asked_digest=asked_digest(drawing.sent, budget),
        act_id=verdict.record,
        proposer_id=proposer.actor_id,
        proposer_kind=proposer.actor_kind,
        created_at=timezone.now(),
    )
    artifact = fill_plan(plan, drawing, verdict, scales, proposer=proposer)
    return Proposed(plan=plan, artifact=artifact, verdict=verdict)


def fill_plan(
    plan: Plan, drawing: Drawing, verdict: Verdict, scales: Scales, *, proposer: Actor
) -> Artifact:
    """What it holds from now on, and what was said to that."""
    assert scales.policy.compiled is not None  # noqa: S101 - it would have been denied
    llm, budget = scales.policy.compiled.document.llm, RiskBudget(plan.risk_budget)
    artifact = artifact_of(
        drawing,
        verdict,
        variants_of(drawing, judge=scales.weigh, warmest=llm.temperature, budget=budget),
        plan_id=plan.id,
        workspace_id=plan.workspace_id,
        actor=proposer,
        budget=budget,
        llm=llm.model_dump(mode="json"),
        created_at=plan.created_at.isoformat(),
    )
    plan.digest, plan.effect = artifact.digest, verdict.effect
    plan.risk_score, plan.risk_level = verdict.risk.score, verdict.risk.level
    plan.operations = len(drawing.steps)
    plan.lines_added, plan.lines_removed = drawing.added, drawing.removed
    plan.policy_source = verdict.policy_source
    plan.policy_digest = scales.policy.digest  # the older one, if another was released meanwhile
    return artifact


def seal_plan(plan: Plan, artifact: Artifact, drawing: Drawing) -> None:
    def sealed(text: bytes, context: str) -> bytes:
        return encrypt(plan.workspace_id, text, context=context)

    plan.sealed = sealed(packed(artifact, drawing.sent), plan.context)
    plan.sealed_intent = sealed(drawing.intent.encode(), plan.intent_context)
    plan.sealed_touched = sealed(in_words(drawing.kept).encode(), plan.touched_context)
    paths = [path for file in drawing.kept for path in file.paths]
    plan.sealed_paths = sealed("\n".join(paths[:MOST_PATHS]).encode(), plan.paths_context)


def keep_plan(proposed: Proposed, drawing: Drawing) -> None:
    plan = proposed.plan
    seal_plan(plan, proposed.artifact, drawing)
    insert([plan])
    record(
        PlanCreated(
            plan=plan.id,
            file=plan.file,
            digest=plan.digest,
            state=plan.state,
            risk=plan.risk_level,
            operations=plan.operations,
            act=plan.act_id,
        )
    )


def _propose(
    drawing: Drawing,
    budget: RiskBudget,
    actor: Actor,
    workspace: UUID,
    hearing: Hearing,
    follows: UUID | None = None,
) -> tuple[Verdict, Proposed | None]:
    """In a unit. None: it was denied, which is on record once the unit ends."""
    require(actor=actor, workspace_id=workspace, permission=Permission.WRITE)
    act, proposed, began = act_of(drawing), None, time.perf_counter()
    scales = scales_for(actor=actor, workspace=workspace)
    verdict = judge_act(
        act=act,
        actor=actor,
        workspace=workspace,
        door=Door.PLAN,
        said={"plan": plain(drawing.sent), "risk_budget": budget.value},
        hearing=hearing,
    )
    if verdict.denied:
        record(
            PlanDenied(
                act=verdict.record,
                act_digest=digest_of_act(act),
                reasons=sorted({denial.reason.value for denial in verdict.denials}),
                risk=verdict.risk.level.value,
            )
        )
    else:
        proposed = build_plan(
            drawing, verdict, scales, budget=budget, proposer=actor, workspace=workspace
        )
        keep_plan(proposed, drawing)
        proposed = replace(proposed, approval=_ask(proposed, actor, follows))
    observe(Door.PLAN, act=act, verdict=verdict, began=began, action_type="plan")
    return verdict, proposed


def _ask(proposed: Proposed, actor: Actor, follows: UUID | None) -> Approval | None:
    """Before it may leave, where the policy wants that. Of those that pass, some are drawn for a
    later look."""
    asked: dict[str, Any] = {
        "kind": KIND,
        "subject": proposed.plan.id,
        "content": proposed.plan.digest,
        "verdict": proposed.verdict,
        "actor": actor,
        "workspace": proposed.plan.workspace_id,
    }
    if proposed.verdict.effect == Effect.REQUIRE:
        return approval_of(open_request(**asked, follows=follows))
    if follows is not None:
        take_up(follows, by=None, actor=actor)
    drawn = sample(**asked)
    return approval_of(drawn) if drawn else None


def _require_may_follow(request_id: UUID | None, actor: Actor, workspace: UUID) -> None:
    if request_id is None:
        return
    if may_take_up(request_id=request_id, kind=KIND, actor=actor, workspace=workspace):
        return
    said = "Name the approval request of a plan that you, or an agent of the same owner, proposed."
    raise Invalid(details=[{"field": "follows", "message": said}])


def _passed(verdict: Verdict, proposed: Proposed | None) -> Proposed:
    require_allowed(verdict)
    assert proposed is not None  # noqa: S101
    return proposed


def _ask_alone(workspace: UUID, actor: Actor, asked: str) -> None:
    """Until the unit ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"plans.asked {workspace} {actor.actor_id} {asked}"],
        )
