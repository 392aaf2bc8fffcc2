"""Asking people: opened where a policy requires it, taken back by who asked, replaced by what is
newer. Refused where too few could ever decide.

    request = open_request(kind="plan", subject=plan.id, content=plan.digest, verdict=verdict, ...)
"""

from typing import Protocol
from uuid import UUID

from django.db import IntegrityError

from apps.accounts.models import User
from apps.approvals import events
from apps.approvals.choices import Because, State
from apps.approvals.errors import NobodyEligible, NotOpen
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.rules import lacking
from apps.approvals.selectors.electorate import Electorate, electorate_of
from apps.approvals.selectors.requests import the_request
from apps.approvals.services.deadlines import start
from apps.approvals.services.settling import (
    adopt,
    allow,
    expire_if_late,
    named,
    settle,
    sit,
    stages_for,
    supersede,
    view_of,
)
from apps.common.actors import Actor
from apps.common.errors import Conflict, NotAllowed
from apps.common.rows import insert
from apps.ledger.services import record, unit
from apps.ledger.switch import staying_open
from apps.policies.ports import Verdict
from apps.policies.selectors.policies import policy_in_force


def open_request(
    *,
    kind: str,
    subject: UUID,
    content: str,
    verdict: Verdict,
    actor: Actor,
    workspace: UUID,
    follows: UUID | None = None,
    part_of: ApprovalRequest | None = None,
    proposer: Actor | None = None,
) -> ApprovalRequest:
    """In the unit of work that keeps the subject. `content` is the digest of what is asked about;
    `follows` a request that is closed, or is replaced by this one; of the rest of a request
    (`part_of`) whoever proposed that one is the proposer, and whoever edited it wrote in both.
    `proposer`: in whose name it is asked, where that is not the actor."""
    if verdict.denied:  # without stages, it would take effect at once
        raise NotAllowed("The policy denies it: nobody is asked.")
    policy = policy_in_force(workspace)
    asks = proposer or actor
    request = ApprovalRequest(
        workspace_id=workspace,
        subject_kind=kind,
        subject_id=subject,
        proposer_id=part_of.proposer_id if part_of else asks.actor_id,
        proposer_kind=part_of.proposer_kind if part_of else asks.actor_kind,
        co_authors=part_of.co_authors if part_of else [],
        content_digest=content,
        act_id=verdict.record,
        follows_id=follows,
        part_of=part_of,
    )
    if follows is not None:  # who had a part in that one has it in this one
        earlier = ApprovalRequest.objects.get(id=follows)
        request.excluded, request.co_authors = earlier.excluded, earlier.co_authors
    adopt(request, verdict, policy)
    stages = stages_for(request, verdict.stages, policy)
    require_staffed(stages, request.excluded, electorate_of(workspace))
    request.view_digest = view_of(request, stages)
    for first in stages[:1]:
        start(request, first)
    try:
        with unit(actor=actor, workspace=workspace):
            if follows is not None:
                take_up(follows, by=request.id, actor=actor)
            insert([request])
            insert(stages)
            record(
                events.RequestOpened(
                    **named(request),
                    proposer=request.proposer_id,
                    risk=request.risk_level,
                    stages=[stage.name for stage in stages],
                    view_digest=request.view_digest,
                    follows=follows,
                    part_of=part_of.id if part_of else None,
                )
            )
            if not stages:
                allow(request, actor=actor)
    except IntegrityError as error:
        raise Conflict("There is an open request about this already.") from error
    return request


def withdraw_request(*, request_id: UUID, actor: Actor) -> ApprovalRequest:
    """By who proposed it, or for whom: also while the kill switch is on. Withdrawn already, it
    stays so."""
    found = the_request(request_id=request_id, actor=actor)
    if not speaks_for(actor, found):
        raise NotAllowed("Only who proposed it, or delegated to who did, takes it back.")
    with staying_open(), unit(actor=actor, workspace=found.workspace_id):
        request = sit(found.id).request
        if request.state == State.CANCELLED and request.because == Because.WITHDRAWN:
            return request
        settle(request, State.CANCELLED, Because.WITHDRAWN, actor=actor)
    return request


def cancel_requests_about(
    *, kind: str, subject: UUID, because: Because, actor: Actor
) -> ApprovalRequest | None:
    """For the room whose subject it is, in its unit of work. None: nothing was open."""
    about = ApprovalRequest.objects.filter(subject_kind=kind, subject_id=subject)
    found = about.open().first()
    if found is None:
        return None
    with unit(actor=actor, workspace=found.workspace_id):
        request = sit(found.id).request  # once whoever acts on it has done so
        if request.state in (State.PENDING, State.ALLOWED):
            settle(request, State.CANCELLED, because, actor=actor)
        elif request.state == State.EFFECTIVE:
            settle(request, State.INVALIDATED, because, actor=actor)
    return request


class Proposed(Protocol):
    """A request, or what one is about."""

    proposer_id: UUID


def speaks_for(actor: Actor, proposed: Proposed) -> bool:
    """Whether they proposed it, or own the agent that did."""
    if actor.actor_kind == "system" or actor.actor_id == proposed.proposer_id:
        return True
    agents = User.objects.get_queryset().filter(id=proposed.proposer_id)
    return agents.filter(owner_id=actor.actor_id).exists()


def takes_part_in(actor: Actor, proposed: Proposed) -> bool:
    """Whether something of theirs may follow it: of who proposed it, who owns the agent that did,
    and other agents of that owner."""
    if speaks_for(actor, proposed):
        return True
    people = User.objects.get_queryset()
    owner = people.filter(id=actor.actor_id, owner__isnull=False).values("owner_id")
    return people.filter(id=proposed.proposer_id, owner_id__in=owner).exists()


def may_take_up(*, request_id: UUID, kind: str, actor: Actor, workspace: UUID) -> bool:
    """Whether a proposal of theirs may follow this request."""
    seen = ApprovalRequest.objects.visible_to(actor).filter(workspace_id=workspace)
    request = seen.filter(id=request_id, subject_kind=kind).first()
    return request is not None and takes_part_in(actor, request)


def take_up(request_id: UUID, *, by: UUID | None, actor: Actor) -> None:
    """In the unit of work of what follows it. Pending, it is superseded; `by` is the request that
    takes its place, or None where nobody has to be asked any more."""
    sitting = sit(request_id)
    expire_if_late(sitting)
    match sitting.request.state:
        case State.PENDING:
            supersede(sitting.request, by=by, actor=actor)
        case State.ALLOWED | State.EFFECTIVE | State.CONSUMED:
            raise NotOpen("It was allowed already, so nothing can follow it: propose anew.")
        case State.SUPERSEDED:
            raise NotOpen("Something newer took its place already: follow that.")


def require_staffed(stages: list[Stage], excluded: list[UUID], people: Electorate) -> None:
    """Enough people for each stage, each of them in one."""
    seats = [people.seats(stage, excluded) for stage in stages]
    missing = lacking([(stage.quorum, seat) for stage, seat in zip(stages, seats, strict=True)])
    if not missing:
        return
    raise NobodyEligible(
        details=[
            {
                "field": f"stages[{number}]",
                "message": (
                    f"The stage “{stage.name}” needs {stage.quorum} of "
                    f"{_wanted(stage)}: {lacks} more."
                ),
                "stage": stage.name,
                "needs": stage.quorum,
                "eligible": len(seats[number]),
                "roles": stage.roles,
                "people": [str(person) for person in stage.people],
            }
            for number, lacks in missing.items()
            for stage in [stages[number]]
        ]
    )


def _wanted(stage: Stage) -> str:
    if not stage.roles and not stage.people:
        return "those who decide here"
    named_people = f"{len(stage.people)} people it names" if stage.people else ""
    return " and ".join(part for part in (", ".join(stage.roles), named_people) if part)
