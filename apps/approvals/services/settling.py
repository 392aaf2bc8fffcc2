"""How a request moves: stages open and pass, it is settled, takes effect, is acted on once.

Everything here is called in a unit of work that holds the request's row (`sit`).
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.approvals import events
from apps.approvals.choices import Because, StageState, State
from apps.approvals.errors import NotOpen
from apps.approvals.figures import count_decision
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.rules import LEGAL, Result, view_digest
from apps.approvals.selectors.electorate import Electorate, Sitting, sitting_of
from apps.approvals.selectors.requests import approval_of
from apps.approvals.services.deadlines import close_again, keep_time, open_stage, start
from apps.common.actors import SYSTEM, Actor
from apps.common.errors import NotFound
from apps.common.events import Event
from apps.common.prepared import prepared
from apps.common.rows import insert, update
from apps.ledger.services import record
from apps.policies.ports import Approval, Verdict
from apps.policies.ports import Stage as Asked
from apps.policies.selectors.policies import InForce

TOLD: dict[State, Callable[..., Event]] = {
    State.DENIED: events.RequestDenied,
    State.CHANGES_REQUESTED: events.ChangesRequested,
    State.EXPIRED: events.RequestExpired,
    State.CANCELLED: events.RequestCancelled,
    State.INVALIDATED: events.RequestInvalidated,
    State.EFFECTIVE: events.RequestEffective,
    State.CONSUMED: events.RequestConsumed,
    State.PENDING: events.RequestReopened,
}

MOVED = (
    *("state", "because", "settled_at", "settled_by", "settled_via"),
    *("next_at", "claimed_by", "claimed_until"),
)
"""The columns of a request that is settled."""


def sit(
    request_id: UUID, people: Electorate | None = None, *, workspace: UUID | None = None
) -> Sitting:
    """Whoever decides, or lets time or policy decide, does so one after the other."""
    if workspace is None:
        found = _held.first(request=request_id)
    else:
        found = _held_there.first(request=request_id, workspace=workspace)
    if found is None:
        raise NotFound
    return sitting_of(found, people)


@prepared
def _held(*, request: UUID) -> QuerySet[ApprovalRequest]:
    found = ApprovalRequest.objects.select_related("workspace").filter(id=request)
    return found.select_for_update(of=("self",))


@prepared
def _held_there(*, request: UUID, workspace: UUID) -> QuerySet[ApprovalRequest]:
    found = ApprovalRequest.objects.select_related("workspace").filter(id=request)
    return found.filter(workspace_id=workspace).select_for_update(of=("self",))


def hold_newest(*, kind: str, subject: UUID) -> Approval | None:
    """For the room whose subject it is: nobody decides on it until the unit ends. Of a request and
    its subject the request is always held first."""
    while request := _newest_held.first(kind=kind, subject=subject):
        newest = _newest.first(kind=kind, subject=subject)
        if request.id == newest:  # while we waited, another one may have followed it
            return approval_of(request)
    return None


@prepared
def _newest_held(*, kind: str, subject: UUID) -> QuerySet[ApprovalRequest]:
    about = ApprovalRequest.objects.filter(subject_kind=kind, subject_id=subject)
    return about.order_by("-id").select_for_update(of=("self",))[:1]


@prepared
def _newest(*, kind: str, subject: UUID) -> QuerySet[ApprovalRequest, UUID]:
    about = ApprovalRequest.objects.filter(subject_kind=kind, subject_id=subject)
    return about.order_by("-id").values_list("id", flat=True)[:1]


def named(request: ApprovalRequest) -> dict[str, Any]:
    """How events name it."""
    return {
        "request": request.id,
        "subject_kind": request.subject_kind,
        "subject": request.subject_id,
    }


# --- rounds and stages


ASKED = (
    *("workspace_id", "request_id", "number", "name", "quorum", "roles", "people", "rules"),
    *("due_minutes", "expires_minutes", "hours", "escalation"),
)
"""The columns of a stage that say what the policy asked for."""


def stages_for(request: ApprovalRequest, asked: tuple[Asked, ...], policy: InForce) -> list[Stage]:
    """As the policy asks for them, not yet saved."""
    kept = policy.document.hours.model_dump(mode="json")
    return [
        Stage(
            workspace_id=request.workspace_id,
            request=request,
            round=request.round,
            number=number,
            name=stage.name,
            quorum=stage.quorum,
            roles=list(stage.roles),
            people=[UUID(person) for person in stage.people],
            rules=list(stage.rules),
            due_minutes=stage.due_minutes,
            expires_minutes=stage.expires_minutes,
            hours=kept if stage.business_hours else None,
            escalation=[[rung.after_minutes, list(rung.to)] for rung in stage.escalation],
        )
        for number, stage in enumerate(asked, start=1)
    ]


def view_of(request: ApprovalRequest, stages: list[Stage]) -> str:
    return view_digest(
        content=request.content_digest,
        stages=[stage.requirement for stage in stages],
        excluded=request.excluded,
        co_authors=request.co_authors,
    )


def begin_round(
    sitting: Sitting, verdict: Verdict, policy: InForce, *, because: Because, actor: Actor
) -> None:
    """Votes begin anew, by what the policy asks for now. Where that is nothing, it is allowed."""
    request = sitting.request
    request.stages.exclude(state=StageState.REPLACED).update(state=StageState.REPLACED)
    request.round += 1
    request.because = because
    adopt(request, verdict, policy)
    sitting.stages, sitting.votes = stages_for(request, verdict.stages, policy), []
    request.view_digest = view_of(request, sitting.stages)
    for first in sitting.stages[:1]:
        start(request, first)
    insert(sitting.stages)
    request.save()
    if because == Because.CONTENT:
        because = Because.VOTES  # of whoever changed it
    if not sitting.stages:
        allow(request, actor=actor, because=because)


def adopt(request: ApprovalRequest, verdict: Verdict, policy: InForce) -> None:
    """What a verdict says of a request, but for its stages."""
    request.risk_score, request.risk_level = verdict.risk.score, verdict.risk.level
    request.excluded = excluded_by(request, verdict)
    request.policy_digest, request.policy_source = policy.digest, policy.source
    request.undo_seconds = policy.document.undo.granted(verdict.risk.level)


def excluded_by(request: ApprovalRequest, verdict: Verdict) -> list[UUID]:
    """Whoever once had a part in it keeps that, also when the agent that proposed it has another
    owner since. Nobody: the only person here decides alone."""
    return sorted({*request.excluded, *verdict.excluded}) if verdict.excluded else []


def go_on(sitting: Sitting, *, actor: Actor, via: str = "") -> None:
    """The next stage opens. There is none: it is allowed."""
    waiting = next((s for s in sitting.stages if s.state == StageState.WAITING), None)
    if waiting is None:
        allow(sitting.request, actor=actor, via=via)
        return
    open_stage(sitting.request, waiting)


def count(sitting: Sitting, *, actor: Actor, via: str = "") -> None:
    """What the votes of the open stage come to. Votes that are back, as their voter is, wait like
    any other for what is to be resolved first."""
    request, stage = sitting.request, sitting.stage
    if stage is None or request.state != State.PENDING:
        return
    tally = sitting.tally(stage)
    match tally.result:
        case Result.PASSED if sitting.threads:
            return
        case Result.PASSED:
            stage.state, stage.passed_at = StageState.PASSED, timezone.now()
            update([stage], ["state", "passed_at"])
            left = sum(1 for other in sitting.stages if other.state == StageState.WAITING)
            record(events.StagePassed(**named(request), stage=stage.name, left=left))
            go_on(sitting, actor=actor, via=via)
            count(sitting, actor=actor, via=via)  # after a fall back, its votes may be there
        case Result.DENIED:
            settle(request, State.DENIED, Because.VOTES, actor=actor, via=via)
        case Result.CHANGES:
            settle(request, State.CHANGES_REQUESTED, Because.VOTES, actor=actor, via=via)
        case Result.UNDECIDED if tally.stuck:
            record(events.RequestStuck(**named(request), stage=stage.name, lacks=tally.needed))


# --- settling


def settle(
    request: ApprovalRequest, state: State, because: Because, *, actor: Actor, via: str = ""
) -> None:
    """It is over. Who is told so are those who waited, and every card."""
    _move(request, state, because, actor=actor, via=via)
    update([request], MOVED)
    record(TOLD[state](**_settled(request)))


def expire_if_late(sitting: Sitting) -> None:
    """Not denied: too few had decided when its time was over, whoever notices that first."""
    request, stage = sitting.request, sitting.stage
    if request.state != State.PENDING or stage is None or stage.expires_at is None:
        return
    if stage.expires_at <= timezone.now():
        settle(request, State.EXPIRED, Because.TIME, actor=SYSTEM)


def supersede(request: ApprovalRequest, *, by: UUID | None, actor: Actor) -> None:
    """A newer proposal takes its place."""
    _move(request, State.SUPERSEDED, Because.REVISED, actor=actor)
    update([request], MOVED)
    record(events.RequestSuperseded(**_settled(request), by=by))


def take_effect(request: ApprovalRequest) -> None:
    """What is allowed can be taken back no longer."""
    _require_legal(request, State.EFFECTIVE)
    request.state, request.next_at = State.EFFECTIVE, None
    count_decision(request)
    update([request], ["state", "next_at"])
    record(events.RequestEffective(**_settled(request)))


def reopen(sitting: Sitting, stage: Stage, because: Because) -> None:
    """It waits in this stage again, which had passed: what was allowed, or had gone further."""
    request = sitting.request
    if request.state != State.PENDING:
        _require_legal(request, State.PENDING)
    for later in sitting.stages:
        if later.number > stage.number and later.opened_at:
            close_again(later)
    stage.state, stage.passed_at = StageState.OPEN, None
    update([stage], ["state", "passed_at"])
    _wait_again(request, stage, because)


def ask_again(sitting: Sitting, because: Because) -> Stage:
    """It was allowed without asking, as somebody had changed it. Those are asked who were before,
    and votes begin anew."""
    request, stages = sitting.request, sitting.asked
    _require_legal(request, State.PENDING)
    request.round += 1
    sitting.stages = [
        Stage(round=request.round, **{name: getattr(stage, name) for name in ASKED})
        for stage in stages
    ]
    request.view_digest = view_of(request, sitting.stages)
    first = sitting.stages[0]
    start(request, first)
    insert(sitting.stages)
    _wait_again(request, first, because)
    return first


def _wait_again(request: ApprovalRequest, stage: Stage, because: Because) -> None:
    request.state, request.because = State.PENDING, because
    request.settled_at = request.settled_by = request.effective_at = None
    request.settled_via = ""
    keep_time(request, stage)
    request.save()
    record(events.RequestReopened(**_settled(request)))


def consume(request: ApprovalRequest) -> None:
    request.consumed_at = timezone.now()
    _require_legal(request, State.CONSUMED)
    request.state = State.CONSUMED
    update([request], ["state", "consumed_at"])
    record(events.RequestConsumed(**_settled(request)))


def allow(
    request: ApprovalRequest, *, actor: Actor, because: Because = Because.VOTES, via: str = ""
) -> None:
    _move(request, State.ALLOWED, because, actor=actor, via=via)
    assert request.settled_at is not None  # noqa: S101
    request.effective_at = request.settled_at + timedelta(seconds=request.undo_seconds)
    request.next_at = request.effective_at
    update([request], [*MOVED, "effective_at"])
    record(events.RequestAllowed(**_settled(request), effective_at=request.effective_at))
    if not request.undo_seconds:
        take_effect(request)


def _move(
    request: ApprovalRequest, state: State, because: Because, *, actor: Actor, via: str = ""
) -> None:
    _require_legal(request, state)
    request.state, request.because = state, because
    request.settled_at, request.settled_by = timezone.now(), actor.actor_id
    request.settled_via = via
    if state != State.ALLOWED:  # which may still be taken back
        count_decision(request)
    request.next_at = request.claimed_by = request.claimed_until = None


def _require_legal(request: ApprovalRequest, state: State) -> None:
    if state not in LEGAL.get(State(request.state), ()):
        raise NotOpen


def _settled(request: ApprovalRequest) -> dict[str, Any]:
    return {
        **named(request),
        "because": request.because,
        "view_digest": request.view_digest,
    }
