"""What could be done next, from what this workspace really has: plans that were denied and how they
would pass, plans that wait or lie about, and policies that nothing tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.approvals.selectors.requests import pending_about
from apps.common.actors import Actor
from apps.common.errors import DomainError
from apps.plans.choices import KIND, IdeaKind, PlanState
from apps.plans.drawing import Drawing, act_of_cut, draw_plan
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.selectors.plans import plans_of
from apps.policies.cases import Case
from apps.policies.choices import ActKind, DraftState, Effect, Reason
from apps.policies.documents import read_policy
from apps.policies.errors import PolicyInvalid
from apps.policies.ports import Approval
from apps.policies.selectors.acts import acts_of, opened_all
from apps.policies.selectors.policies import drafts_of, policy_in_force
from apps.policies.services.judging import Scales, scales_for

MOST = 10
"""Of each kind that is looked at."""


@dataclass(frozen=True, kw_only=True)
class Idea:
    kind: IdeaKind
    title: str
    why: str
    about: dict[str, str]
    """The ids of what it speaks of."""
    suggestion: dict[str, Any] = field(default_factory=dict)


def ideas_for(*, workspace_id: UUID, actor: Actor) -> list[Idea]:
    standing = require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    return [
        *_from_denials(workspace_id, actor),
        *_from_plans(workspace_id, actor, decides=standing.permits(Permission.DECIDE)),
        *_from_policies(workspace_id, actor),
    ]


def _from_denials(workspace_id: UUID, actor: Actor) -> list[Idea]:
    denied = acts_of(
        workspace_id=workspace_id,
        actor=actor,
        kind=ActKind.PLAN,
        effect=Effect.DENY,
        erased_at=None,
    )
    rows = list(denied.defer(None).order_by("-id")[:MOST])
    if not rows:
        return []
    scales = scales_for(actor=actor, workspace=workspace_id)
    found: list[Idea] = []
    for row, case in zip(rows, opened_all(workspace_id, rows), strict=True):
        if case is not None and (drawing := _drawing(case)):
            found += _ideas_about(row.id, case, drawing, scales)
    return found


def _drawing(case: Case) -> Drawing | None:
    """None: it was no plan of this room, or is of an older form."""
    try:
        return draw_plan(PlanIn.model_validate(case.said.get("plan")), name="plan")
    except (ValidationError, DomainError):
        return None


def _ideas_about(act_id: UUID, case: Case, drawing: Drawing, scales: Scales) -> list[Idea]:
    reasons = {denial.reason for denial in case.verdict.denials}
    about = {"act": str(act_id)}
    found: list[Idea] = []
    if Reason.SIZE in reasons and scales.policy.compiled:
        most = scales.policy.compiled.document.max_diff_lines
        found += _split(drawing, most, about)
    if reasons & {Reason.PATH, Reason.RULE} and drawing.steps:
        found += _stay_inside(drawing, scales, about)
    if Reason.RISK in reasons:
        found.append(_reword(case, about))
    return found


def _split(drawing: Drawing, most: int, about: dict[str, str]) -> list[Idea]:
    parts: list[tuple[int, list[str]]] = []
    large: list[str] = []
    for file in drawing.files:
        lines, path = file.added + file.removed, file.path
        if lines > most:
            large.append(path)
        elif parts and parts[-1][0] + lines <= most:
            parts[-1] = (parts[-1][0] + lines, [*parts[-1][1], path])
        else:
            parts.append((lines, [path]))
    if len(parts) + len(large) < 2 and not large:
        return []
    return [
        Idea(
            kind=IdeaKind.SPLIT,
            title=f"Propose this as {len(parts)} plans" if parts else "Make this change smaller",
            why=f"It was denied for its size: the policy lets {most} lines pass at once.",
            about=about,
            suggestion={
                "parts": [{"lines": lines, "target_paths": paths} for lines, paths in parts],
                "too_large_by_themselves": large,
            },
        )
    ]


def _stay_inside(drawing: Drawing, scales: Scales, about: dict[str, str]) -> list[Idea]:
    alone = [(step, scales.weigh(act_of_cut([step]))) for step in drawing.steps]
    keep = [step.file.path for step, verdict in alone if not verdict.denied]
    leave = [
        {"path": step.file.path, "because": verdict.denials[0].message}
        for step, verdict in alone
        if verdict.denied
    ]
    if not keep or not leave:
        return []
    return [
        Idea(
            kind=IdeaKind.STAY_INSIDE,
            title=f"Propose {len(keep)} of the {len(alone)} changes by themselves",
            why="The policy denied the plan for what it lets nobody touch; the rest would pass.",
            about=about,
            suggestion={"target_paths": keep, "leave_out": leave},
        )
    ]


def _reword(case: Case, about: dict[str, str]) -> Idea:
    places = [
        {"field": hit.field, "line": hit.line, "found": hit.finding.value}
        for hit in case.verdict.hits[:20]
    ]
    return Idea(
        kind=IdeaKind.REWORD,
        title="Say it without what the risk gate found",
        why="The plan was denied for its text. Each place is named here.",
        about=about,
        suggestion={"places": places},
    )


def _from_plans(workspace_id: UUID, actor: Actor, *, decides: bool) -> list[Idea]:
    plans = plans_of(workspace_id=workspace_id, actor=actor).defer("sealed", "sealed_intent")
    waiting = list(plans.filter(state=PlanState.WAITING).order_by("-id")[:MOST])
    asked = pending_about(kind=KIND, subjects=[plan.id for plan in waiting])
    lying = list(
        plans.filter(state__in=(PlanState.READY, PlanState.RELEASED))
        .filter(exported_at__isnull=True)
        .order_by("-id")[:MOST]
    )
    decides = decides and actor.actor_kind == "person"
    return [
        _decide(
            plan, asked[plan.id], mine=decides and actor.actor_id not in asked[plan.id].excluded
        )
        for plan in waiting
        if plan.id in asked
    ] + [
        Idea(
            kind=IdeaKind.EXPORT,
            title=f"Make a pull request of {plan.name}",
            why="It may be exported, and nobody has.",
            about={"plan": str(plan.id)},
            suggestion={"path": f"/api/v1/plans/{plan.id}/pr"},
        )
        for plan in lying
    ]


def _decide(plan: Plan, request: Approval, *, mine: bool) -> Idea:
    return Idea(
        kind=IdeaKind.DECIDE,
        title=f"Decide on {plan.name}" if mine else f"Ask somebody to decide on {plan.name}",
        why="The policy asks for approval of it, and it waits.",
        about={"plan": str(plan.id), "approval": str(request.id)},
        suggestion={"path": f"/api/v1/approvals/{request.id}"} if mine else {},
    )


def _from_policies(workspace_id: UUID, actor: Actor) -> list[Idea]:
    found: list[Idea] = []
    held = policy_in_force(workspace_id)
    if held.version and held.compiled and not held.compiled.document.tests:
        found.append(
            Idea(
                kind=IdeaKind.TEST_POLICY,
                title=f"Give version {held.number} of the policy tests",
                why="It carries none, so that nothing notices when a change of it opens a door.",
                about={"version": str(held.version)},
            )
        )
    drafts = drafts_of(workspace_id=workspace_id, actor=actor).filter(state=DraftState.OPEN)
    untested = [draft for draft in drafts.order_by("-id")[:MOST] if _lacks_tests(draft.text)]
    return found + [
        Idea(
            kind=IdeaKind.TEST_DRAFT,
            title="Give this draft of the policy tests",
            why="It carries none, so that whoever releases it has to find out by themselves.",
            about={"draft": str(draft.id)},
        )
        for draft in untested
    ]


def _lacks_tests(text: str) -> bool:
    try:
        return not read_policy(text).document.tests
    except PolicyInvalid:
        return False


def shown(ideas: Sequence[Idea]) -> list[dict[str, Any]]:
    return [
        {
            "kind": idea.kind.value,
            "title": idea.title,
            "why": idea.why,
            "about": idea.about,
            "suggestion": idea.suggestion,
        }
        for idea in ideas
    ]
