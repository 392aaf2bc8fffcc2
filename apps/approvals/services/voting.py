"""Casting votes. The first decision that stands wins; whoever comes later is told who won.

A vote is bound to what was on the voter's screen (`digest`). Every door comes through here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.errors import WorkspaceArchived
from apps.accounts.keyring import encrypt
from apps.accounts.selectors.names import names_of
from apps.accounts.selectors.standing import require, require_person
from apps.approvals import events
from apps.approvals.choices import Because, Decision, State, Via
from apps.approvals.errors import (
    AlreadyDecided,
    NotReshapable,
    NotYourTurn,
    ReasonMissing,
    SelfApproval,
    UndoOver,
    ViewMissing,
    ViewMoved,
    VoteStands,
)
from apps.approvals.models.requests import ApprovalRequest, Stage, Vote
from apps.approvals.rules import lacking
from apps.approvals.selectors.electorate import Sitting
from apps.approvals.selectors.requests import the_request
from apps.approvals.services import settling
from apps.approvals.services.reshaping import reshape
from apps.approvals.services.threads import require_resolved
from apps.approvals.services.weighing import weigh_anew
from apps.common.actors import NOBODY, Actor
from apps.common.errors import DomainError, NotAllowed
from apps.common.rows import insert
from apps.ledger.services import record, unit
from apps.ledger.switch import staying_open

ENDING = (Decision.REJECT, Decision.VETO)
"""What a kill switch does not stop."""
REASONED = (Decision.REQUEST_CHANGES, Decision.VETO)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody decides."""

    decision: Decision
    digest: str
    """Of the view they decided on."""
    via: Via
    comment: str = ""
    operations: Sequence[int] | None = None
    """Only these of its operations are approved: the rest becomes a request of its own."""
    edits: Mapping[str, Any] | None = None
    """It is approved after these changes, whose author the voter becomes."""
    change: bool = False
    """It may take the place of an earlier vote that said something else."""


@dataclass(frozen=True, kw_only=True)
class Cast:
    sitting: Sitting
    """As the vote left it."""
    vote: Vote
    again: bool = False
    """It had been cast before, and nothing happened now."""
    rest: ApprovalRequest | None = field(default=None)
    """What was not accepted."""

    @property
    def request(self) -> ApprovalRequest:
        return self.sitting.request


def cast_vote(
    *, request_id: UUID, wanted: Wanted, actor: Actor, workspace: UUID | None = None
) -> Cast:
    """Sent again, it answers as before. A policy found changed is recorded, though refused.
    `workspace`: of a door that knows already that the actor stands there."""
    require_person(actor)
    _require_whole(wanted)
    place = workspace or the_request(request_id=request_id, actor=actor).workspace_id
    with staying_open(wanted.decision in ENDING), unit(actor=actor, workspace=place):
        sitting = settling.sit(request_id, workspace=place)
        _require_may_decide(sitting, actor)
        if sitting.request.state != State.PENDING:
            return _late(sitting, wanted, actor)
        settling.expire_if_late(sitting)
        weigh_anew(sitting)
        refusal = moved(sitting, wanted)
        if refusal is None:
            return _vote(sitting, wanted, actor)
    raise refusal


def _require_whole(wanted: Wanted) -> None:
    if wanted.decision in REASONED and not wanted.comment.strip():
        raise ReasonMissing(details=[{"field": "comment", "message": "Say why."}])
    if not wanted.digest:
        raise ViewMissing
    if wanted.decision != Decision.APPROVE and (wanted.operations or wanted.edits):
        raise NotReshapable("Only who approves can change it, or accept a part of it.")


def undo_decision(*, request_id: UUID, actor: Actor, via: Via) -> ApprovalRequest:
    """Whoever approved it takes that back, until it takes effect. Their vote is gone; where it had
    made of it what needs nobody, those are asked again who were before. Taken back already, it
    stays so."""
    require_person(actor)
    found = the_request(request_id=request_id, actor=actor)
    require(actor=actor, workspace_id=found.workspace_id, permission=Permission.DECIDE)
    with unit(actor=actor, workspace=found.workspace_id):
        sitting = settling.sit(found.id)
        request, stage = sitting.request, sitting.last_stage
        mine = sitting.last_vote_of(actor.actor_id)
        if request.state == State.PENDING and mine and mine.decision == Decision.RETRACT:
            return request
        over = request.effective_at is None or request.effective_at <= timezone.now()
        if request.state != State.ALLOWED or over or stage is None:
            raise UndoOver
        if mine is None or mine.decision != Decision.APPROVE:
            raise NotYourTurn("Only who approved it last takes it back. Others may veto it.")
        if sitting.stages:
            settling.reopen(sitting, stage, Because.UNDONE)
        else:
            stage = settling.ask_again(sitting, Because.UNDONE)
        wanted = Wanted(decision=Decision.RETRACT, digest=request.view_digest, via=via)
        _append(sitting, stage, wanted, actor, instead_of=mine.instead_of, before=mine)
    return request


def decided(request: ApprovalRequest) -> AlreadyDecided:
    """Names who won."""
    [name] = names_of([request.settled_by or NOBODY]).values()
    at = request.settled_at.isoformat() if request.settled_at else ""
    return AlreadyDecided(
        f"This was decided already: {State(request.state).label.lower()}, by {name}.",
        details=[
            {
                "field": "decision",
                "message": Because(request.because).label,
                "state": request.state,
                "outcome": request.outcome,
                "because": request.because,
                "decided_by": str(request.settled_by),
                "decided_by_name": name,
                "decided_via": request.settled_via,
                "decided_at": at,
            }
        ],
    )


# --- before


def _require_may_decide(sitting: Sitting, actor: Actor) -> None:
    """Of the members that were read anyway."""
    if actor.actor_id not in sitting.people.roles:
        raise NotAllowed("Your role here does not permit deciding.")
    if sitting.request.workspace.is_archived:
        raise WorkspaceArchived


def moved(sitting: Sitting, wanted: Wanted) -> DomainError | None:
    request = sitting.request
    if request.state != State.PENDING:
        return decided(request)
    if wanted.digest == request.view_digest:
        return None
    return ViewMoved(
        details=[
            {
                "field": "digest",
                "message": f"{Because(request.because).label} Its view digest is another one now.",
                "because": request.because,
                "view_digest": request.view_digest,
                "stages": [stage.name for stage in sitting.stages],
            }
        ]
    )


def _late(sitting: Sitting, wanted: Wanted, actor: Actor) -> Cast:
    """It is decided. The same vote again is answered as it was; a veto stops what was allowed,
    until it is acted on."""
    request = sitting.request
    mine = [vote for vote in sitting.votes if vote.voter_id == actor.actor_id]
    last = mine[-1] if mine else sitting.last_vote_of(actor.actor_id)
    if last and last.decision == wanted.decision:
        return Cast(sitting=sitting, vote=last, again=True)
    stage = sitting.last_stage
    may_stop = request.state in (State.ALLOWED, State.EFFECTIVE) and stage is not None
    if wanted.decision != Decision.VETO or not may_stop:
        raise decided(request)
    if wanted.digest != request.view_digest:
        raise ViewMoved(details=[{"field": "digest", "view_digest": request.view_digest}])
    assert stage is not None  # noqa: S101
    return _veto(sitting, stage, wanted, actor)


def _veto(sitting: Sitting, stage: Stage, wanted: Wanted, actor: Actor) -> Cast:
    """By whoever has a seat in any of its stages. It counts whatever else was said."""
    seat = _seat(sitting, stage, actor, anywhere=True)
    before = sitting.vote_of(actor.actor_id, stage)
    vote = _append(sitting, stage, wanted, actor, instead_of=_other(seat, actor), before=before)
    settling.settle(sitting.request, State.DENIED, Because.VETO, actor=actor, via=wanted.via)
    return Cast(sitting=sitting, vote=vote)


def _vote(sitting: Sitting, wanted: Wanted, actor: Actor) -> Cast:
    stage = sitting.stage
    assert stage is not None  # noqa: S101
    if wanted.decision == Decision.VETO:
        return _veto(sitting, stage, wanted, actor)
    seat, changed = _seat(sitting, stage, actor), None
    before = sitting.vote_of(actor.actor_id, stage)
    if wanted.operations is not None or wanted.edits is not None:
        changed = reshape(sitting, edits=wanted.edits, operations=wanted.operations, actor=actor)
    if changed:
        first = sitting.stage
        if first:  # it is another thing now, and this the first vote on it
            stage, seat, before = first, _seat(sitting, first, actor), None
    elif before and before.view_digest == wanted.digest:
        if before.decision == wanted.decision:
            return Cast(sitting=sitting, vote=before, again=True)
        if not wanted.change and before.decision != Decision.RETRACT:
            raise VoteStands(details=[{"field": "decision", "message": before.decision}])
    if wanted.decision == Decision.APPROVE:
        require_resolved(sitting)
        _require_dispensable(sitting, stage, {actor.actor_id, seat})
    vote = _append(sitting, stage, wanted, actor, instead_of=_other(seat, actor), before=before)
    settling.count(sitting, actor=actor, via=wanted.via)
    return Cast(sitting=sitting, vote=vote, rest=changed.rest if changed else None)


def _seat(sitting: Sitting, stage: Stage, actor: Actor, *, anywhere: bool = False) -> UUID:
    """The seat they decide from. A veto may come from a seat of any stage."""
    if actor.actor_id in sitting.request.excluded:
        raise SelfApproval
    seat = sitting.seat_for(actor.actor_id, stage)
    others = sitting.asked if anywhere else ()
    excluded = sitting.request.excluded
    for other in others:
        seat = seat or sitting.people.seat_for(actor.actor_id, other, excluded)
    if seat is None:
        raise NotYourTurn(
            details=[
                {
                    "field": "stage",
                    "message": f"The stage “{stage.name}” is open.",
                    "stage": stage.name,
                    "roles": [*stage.roles, *stage.added_roles],
                    "people": [str(p) for p in (*stage.people, *stage.added_people)],
                }
            ]
        )
    return seat


def _require_dispensable(sitting: Sitting, stage: Stage, approving: set[UUID]) -> None:
    """Who approves has no part in later stages: somebody without whom one of those could never pass
    leaves this one to others."""
    used, later = sitting.excluded_from(stage), sitting.stages[stage.number :]

    def lacks(gone: Collection[UUID]) -> dict[int, int]:
        return lacking([(other.quorum, sitting.people.seats(other, gone)) for other in later])

    missing = lacks(used | approving)
    if missing and not lacks(used):
        name = later[min(missing)].name
        raise NotYourTurn(
            f"You are needed in the stage “{name}”, and nobody approves two stages: leave "
            f"“{stage.name}” to others.",
            details=[{"field": "stage", "message": f"“{name}” would lack you.", "stage": name}],
        )


def _other(seat: UUID, actor: Actor) -> UUID | None:
    return seat if seat != actor.actor_id else None


# --- the vote itself


def _append(
    sitting: Sitting,
    stage: Stage,
    wanted: Wanted,
    actor: Actor,
    *,
    instead_of: UUID | None,
    before: Vote | None,
) -> Vote:
    request = sitting.request
    vote = Vote(
        workspace_id=request.workspace_id,
        request=request,
        stage=stage,
        voter_id=actor.actor_id,
        instead_of=instead_of,
        decision=wanted.decision,
        view_digest=request.view_digest,
        via=wanted.via,
        operations=list(wanted.operations) if wanted.operations is not None else None,
        replaces=before,
    )
    if wanted.comment:
        vote.sealed = encrypt(request.workspace_id, wanted.comment.encode(), context=vote.context)
    insert([vote])
    sitting.votes = [v for v in sitting.votes if before is None or v.id != before.id] + [vote]
    record(
        events.VoteCast(
            **settling.named(request),
            vote=vote.id,
            stage=stage.name,
            decision=vote.decision,
            via=vote.via,
            view_digest=vote.view_digest,
            instead_of=instead_of,
            changed=before is not None,
        )
    )
    return vote
