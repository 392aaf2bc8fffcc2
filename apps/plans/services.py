"""Writing plans: created when the policy lets them be, released where it asks for approval, handed
out to be applied. Nothing here writes a file of anybody's: a plan is rows.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from apps.accounts.choices import Permission, Role
from apps.accounts.keyring import encrypt
from apps.accounts.models import User
from apps.accounts.selectors import require
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound
from apps.common.ids import uuid7
from apps.ledger.services import record, unit
from apps.plans.artifacts import Artifact, artifact_of
from apps.plans.choices import PlanState, RiskBudget
from apps.plans.drawing import Drawing, act_of, act_of_cut, draw_plan
from apps.plans.errors import NothingToRelease, OwnPlan, PlanWaiting, VariantHeld
from apps.plans.events import PlanCreated, PlanDenied, PlanExported, PlanReleased
from apps.plans.models import Plan
from apps.plans.pulls import Pull, digest_of_patch, pull_of
from apps.plans.schemas import PlanIn
from apps.plans.selectors.plans import asked_digest, opened, packed, plain, plan_asked_before
from apps.plans.variants import variants_of
from apps.policies.acts import digest_of_act
from apps.policies.choices import Door, Effect
from apps.policies.ports import Act, Verdict
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

ASKS_SINCE = (
    "The policy, or the proposer's role, changed since and asks for approval. Propose anew."
)


@dataclass(frozen=True, kw_only=True)
class Proposed:
    plan: Plan
    artifact: Artifact
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class PullWanted:
    """How a pull request shall be."""

    variant_id: str
    branch: str = ""
    labels: Sequence[str] = ()
    draft: bool = True
    dry_run: bool = False


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
) -> Proposed:
    """The whole of it is judged before anything is kept. A denial is recorded, and raised."""
    heard = hearing or hear(act=act_of(drawing), actor=actor, workspace=workspace)
    with unit(actor=actor, workspace=workspace):
        judged = _propose(drawing, budget, actor, workspace, heard)
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
    return _build(drawing, verdict, scales, budget, actor, workspace)


def release_plan(*, plan: Plan, actor: Actor) -> Plan:
    """An owner who neither proposed it nor delegated lets a plan pass that waits. Released already,
    it stays so."""
    _require_may_release(plan, actor)
    with unit(actor=actor, workspace=plan.workspace_id):
        locked = _lock(plan, actor)
        _require_may_release(locked, actor)
        if locked.state == PlanState.RELEASED:
            return locked
        if locked.state == PlanState.READY:
            raise NothingToRelease
        drawing = draw_plan(opened(locked).sent, name=locked.name)
        require_allowed(_scales_of_proposer(locked).weigh(act_of(drawing)))
        locked.state = PlanState.RELEASED
        locked.released_by, locked.released_at = actor.actor_id, timezone.now()
        locked.save(update_fields=["state", "released_by", "released_at"])
        record(PlanReleased(plan=locked.id, file=locked.file, digest=locked.digest))
    return locked


def export_plan(*, plan: Plan, wanted: PullWanted, actor: Actor) -> Pull:
    """A variant as a pull request in words. A dry run records nothing."""
    require(actor=actor, workspace_id=plan.workspace_id, permission=Permission.WRITE)
    artifact = exportable_artifact(plan, wanted.variant_id)
    pull = _pull(artifact, wanted, state=plan.state)
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
    had to wait for a release asks again."""
    if wanted.dry_run:
        seen = preview_plan(
            drawing=drawing, budget=budget, actor=actor, workspace=workspace, hearing=hearing
        )
        return _pull(seen.artifact, wanted, state=seen.plan.state)
    plan = _propose_once(drawing, budget, actor, workspace, hearing)
    return export_plan(plan=plan, wanted=wanted, actor=actor)


def exportable_artifact(plan: Plan, variant_id: str = "") -> Artifact:
    """The artifact, if this variant of it (or all of it) may be handed out by the policy that
    holds now."""
    if plan.state == PlanState.WAITING:
        raise PlanWaiting(details=[{"field": "plan", "message": "It waits.", "plan": str(plan.id)}])
    found, scales = opened(plan), _scales_of_proposer(plan)
    drawing = draw_plan(found.sent, name=plan.name)
    whole = scales.weigh(act_of(drawing))
    require_allowed(whole)
    if whole.effect == Effect.REQUIRE and plan.state == PlanState.READY:
        raise PlanWaiting(ASKS_SINCE)
    if variant_id:
        effect = scales.weigh(_variant_as_act(found.artifact, variant_id, drawing)).effect
        if effect == Effect.DENY or (effect == Effect.REQUIRE and plan.state == PlanState.READY):
            raise VariantHeld
    return found.artifact


def _propose_once(
    drawing: Drawing,
    budget: RiskBudget,
    actor: Actor,
    workspace: UUID,
    hearing: Hearing | None,
) -> Plan:
    """Two who ask for the same at once do not both propose it."""
    heard = hearing or hear(act=act_of(drawing), actor=actor, workspace=workspace)
    asked = asked_digest(drawing.sent, budget)
    with unit(actor=actor, workspace=workspace):
        _ask_alone(workspace, actor, asked)
        plan = plan_asked_before(asked=asked, workspace_id=workspace, actor=actor)
        if plan is not None:
            return plan
        judged = _propose(drawing, budget, actor, workspace, heard)
    return _passed(*judged).plan


def _propose(
    drawing: Drawing,
    budget: RiskBudget,
    actor: Actor,
    workspace: UUID,
    hearing: Hearing,
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
        proposed = _build(drawing, verdict, scales, budget, actor, workspace)
        _keep(proposed, drawing)
    observe(Door.PLAN, act=act, verdict=verdict, began=began, action_type="plan")
    return verdict, proposed


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


def _scales_of_proposer(plan: Plan) -> Scales:
    """The policy that holds now, and what the proposer is now. Hours and quotas are those of the
    proposal: it took its share then."""
    gone = NotAllowed("Whoever proposed this plan is not here any more. Propose it anew.")
    proposer = User.objects.get_queryset().filter(id=plan.proposer_id).first()
    if proposer is None:
        raise gone
    try:
        scales = scales_for(actor=proposer, workspace=plan.workspace_id)
    except NotFound as error:
        raise gone from error
    then = replace(
        scales.circumstances,
        at=plan.created_at,
        acts_last_hour=0,
        acts_last_day=0,
        spent_today_cents=0,
    )
    return replace(scales, circumstances=then)


def _variant_as_act(artifact: Artifact, variant_id: str, drawing: Drawing) -> Act:
    variant = artifact.variant(variant_id)
    steps = [drawing.steps[number] for number in variant["operations"]]
    texts = {"intent": drawing.intent, "context": drawing.context}
    return act_of_cut(steps, [drawing.note] if variant["note"] else (), texts)


def _require_may_release(plan: Plan, actor: Actor) -> None:
    standing = require(
        actor=actor, workspace_id=plan.workspace_id, permission=Permission.MANAGE_WORKSPACE
    )
    if actor.actor_kind != "person" or standing.role != Role.OWNER:
        raise NotAllowed("Only an owner of the workspace releases its plans.")
    if actor.actor_id in plan.excluded:
        raise OwnPlan


def _lock(plan: Plan, actor: Actor) -> Plan:
    found = Plan.objects.visible_to(actor).filter(id=plan.id)
    locked = found.select_for_update(of=("self",)).first()
    if locked is None:
        raise NotFound
    return locked


def _build(
    drawing: Drawing,
    verdict: Verdict,
    scales: Scales,
    budget: RiskBudget,
    actor: Actor,
    workspace: UUID,
) -> Proposed:
    assert scales.policy.compiled is not None  # noqa: S101 - it would have been denied
    llm = scales.policy.compiled.document.llm
    now = timezone.now()
    plan = Plan(
        workspace_id=workspace,
        name=drawing.name,
        state=PlanState.READY if verdict.effect == Effect.ALLOW else PlanState.WAITING,
        effect=verdict.effect,
        risk_score=verdict.risk.score,
        risk_level=verdict.risk.level,
        risk_budget=budget,
        operations=len(drawing.steps),
        lines_added=drawing.added,
        lines_removed=drawing.removed,
        asked_digest=asked_digest(drawing.sent, budget),
        policy_digest=scales.policy.digest,  # the older one, if another was released meanwhile
        policy_source=verdict.policy_source,
        act_id=verdict.record,
        proposer_id=actor.actor_id,
        proposer_kind=actor.actor_kind,
        excluded=list(verdict.excluded),
        created_at=now,
    )
    artifact = artifact_of(
        drawing,
        verdict,
        variants_of(drawing, judge=scales.weigh, warmest=llm.temperature, budget=budget),
        plan_id=plan.id,
        workspace_id=workspace,
        actor=actor,
        budget=budget,
        llm=llm.model_dump(mode="json"),
        created_at=now.isoformat(),
    )
    plan.digest = artifact.digest
    return Proposed(plan=plan, artifact=artifact, verdict=verdict)


def _keep(proposed: Proposed, drawing: Drawing) -> None:
    plan = proposed.plan
    texts = packed(proposed.artifact, drawing.sent)
    plan.sealed = encrypt(plan.workspace_id, texts, context=plan.context)
    intent = drawing.intent.encode()
    plan.sealed_intent = encrypt(plan.workspace_id, intent, context=plan.intent_context)
    plan.save(force_insert=True)
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


def _pull(artifact: Artifact, wanted: PullWanted, *, state: str) -> Pull:
    return pull_of(
        artifact,
        variant_id=wanted.variant_id,
        state=state,
        branch=wanted.branch,
        labels=wanted.labels,
        draft=wanted.draft,
        dry_run=wanted.dry_run,
    )
