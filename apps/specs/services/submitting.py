"""Proposing changes of the graph: checked, judged, and kept in the state to which that leads. Only
what does not add up at all is refused.

    submitted = submit_mutation(title="...", rationale="...", operations=read_operations(sent), ...)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.approvals.selectors.requests import approval_of, request_about
from apps.approvals.services.opening import open_request, take_up, takes_part_in
from apps.approvals.services.reviews import sample
from apps.common.actors import Actor
from apps.common.errors import NotAllowed
from apps.common.rows import insert
from apps.ledger.services import record, unit
from apps.policies.choices import Effect
from apps.policies.ports import Approval, Verdict
from apps.policies.services.judging import Hearing, judge_act, weigh_act
from apps.specs import events
from apps.specs.checks.findings import Finding
from apps.specs.choices import KIND, ProposalState
from apps.specs.errors import NothingToRevert, ProposalMoved
from apps.specs.models.proposals import Proposal
from apps.specs.rules import OPEN, may_move
from apps.specs.schemas import OperationIn
from apps.specs.selectors.proposals import (
    Overlap,
    held,
    overlaps_of,
    the_proposal,
)
from apps.specs.selectors.prospects import Prospect, prospect_for, stands_on_whole
from apps.specs.services.drawing import (
    Sketch,
    draw,
    draw_apart,
    inverse_of_applied,
    stays_applied,
)
from apps.specs.services.moving import (
    close,
    look_at,
    made_with,
    named,
    require_may_move,
    tell_outcome,
    weigh_in,
)
from apps.specs.services.weighing import asking, checked, errors_in, impact_on

UNREVISABLE = frozenset(
    {
        *(ProposalState.QUEUED, ProposalState.APPLIED),
        *(ProposalState.REVERTED, ProposalState.SUPERSEDED),
    }
)


@dataclass(frozen=True, kw_only=True)
class Submitted:
    proposal: Proposal
    verdict: Verdict | None
    """None: it is a draft, of which nobody was asked anything."""
    approval: Approval | None = None
    """The request that it waits for, or that owes a later look at it."""
    overlaps: tuple[Overlap, ...] = ()
    findings: tuple[Finding, ...] = ()
    prospect: Prospect | None = None
    """What it would do, as it was judged."""


def submit_mutation(
    *,
    title: str,
    rationale: str,
    operations: Sequence[OperationIn],
    actor: Actor,
    workspace: UUID,
    draft: bool = False,
    follows: Proposal | None = None,
    reverts: Proposal | None = None,
    asks_people: bool = False,
    warnings: Sequence[Finding] = (),
    hearing: Hearing | None = None,
) -> Submitted:
    """`follows`: one that it takes the place of, if it comes as far as that one did. `asks_people`:
    also where the policy would let it pass. `warnings`: of what it leaves as it is, beside what the
    checks find. `hearing`: what `hear_mutation` gave, of a door that opens its unit of work
    itself."""
    with unit(actor=actor, workspace=workspace):
        require(actor=actor, workspace_id=workspace, permission=Permission.WRITE)
        sketch = draw(title, rationale, operations, workspace, hearing)
        proposal = _begun(sketch, actor, workspace)
        proposal.follows, proposal.reverts = follows, reverts
        proposal.asks_people = asks_people or bool(follows and follows.asks_people)
        proposal.findings = [warning.kept() for warning in warnings]
        if follows and follows.reverts:
            _take_over(follows.reverts, proposal, follows, sketch.prospect)
        if draft:
            look_at(proposal, sketch.prospect)
            _save(proposal)
            return Submitted(proposal=proposal, verdict=None)
        return _submit(proposal, sketch.prospect, actor, hearing)


def preview_mutation(
    *,
    title: str,
    rationale: str,
    operations: Sequence[OperationIn],
    actor: Actor,
    workspace: UUID,
    asks_people: bool = False,
    hearing: Hearing | None = None,
) -> Submitted:
    """What would come of it. Nothing is kept or recorded, nor are the keys that it shows taken."""
    require(actor=actor, workspace_id=workspace, permission=Permission.WRITE)
    sketch = draw_apart(title, rationale, operations, workspace, hearing)
    proposal, prospect = _begun(sketch, actor, workspace), sketch.prospect
    impact, findings = impact_on(prospect, workspace), checked(prospect, workspace)
    act = prospect.act(proposal.title, proposal.rationale, impact=impact)
    verdict = weigh_act(act=act, actor=actor, workspace=workspace, hearing=hearing)
    if asks_people:
        verdict = asking(verdict)
    _fill(proposal, prospect, findings, verdict, impact)
    overlaps = overlaps_of(proposal)
    return Submitted(proposal=proposal, verdict=verdict, overlaps=overlaps, findings=findings)


def submit_draft(*, proposal_id: UUID, actor: Actor, hearing: Hearing | None = None) -> Submitted:
    """By who wrote it."""
    found = the_proposal(proposal_id=proposal_id, actor=actor)
    with unit(actor=actor, workspace=found.workspace_id):
        require(actor=actor, workspace_id=found.workspace_id, permission=Permission.WRITE)
        [proposal] = held(id_=found.id)
        require_may_move(proposal, ProposalState.CHECKING)
        prospect = prospect_for(proposal)
        look_at(proposal, prospect)
        if stands_on_whole(proposal):
            raise ProposalMoved(details=[_awaited(proposal)])
        return _submit(proposal, prospect, actor, hearing)


def _awaited(part: Proposal) -> dict[str, str]:
    message = "It does something else without the proposal that it was left out of, which waits."
    return {"field": "part_of", "message": message, "proposal": str(part.part_of_id)}


def revise_mutation(
    *,
    proposal_id: UUID,
    operations: Sequence[OperationIn],
    title: str,
    rationale: str,
    actor: Actor,
    hearing: Hearing | None = None,
) -> Submitted:
    """A newer one in its place, by who speaks for it. A draft stays the same one."""
    found = the_proposal(proposal_id=proposal_id, actor=actor)
    if not takes_part_in(actor, found):
        raise NotAllowed("Only who proposed it, or for whom, puts another in its place.")
    if found.state in UNREVISABLE:
        raise ProposalMoved(details=[{"field": "state", "message": found.state}])
    if found.state != ProposalState.DRAFT:
        return submit_mutation(
            title=title,
            rationale=rationale,
            operations=operations,
            actor=actor,
            workspace=found.workspace_id,
            follows=found,
            hearing=hearing,
        )
    with unit(actor=actor, workspace=found.workspace_id):
        require(actor=actor, workspace_id=found.workspace_id, permission=Permission.WRITE)
        [proposal] = held(id_=found.id)
        require_may_move(proposal, ProposalState.CHECKING)
        sketch = draw(title, rationale, operations, found.workspace_id, hearing)
        proposal.title, proposal.rationale = sketch.title, sketch.rationale
        look_at(proposal, sketch.prospect)
        proposal.save()
    return Submitted(proposal=proposal, verdict=None)


def revert_mutation(
    *, proposal_id: UUID, rationale: str, actor: Actor, hearing: Hearing | None = None
) -> Submitted:
    """Proposes to undo what was applied. It is judged, and decided on, like anything else."""
    found = the_proposal(proposal_id=proposal_id, actor=actor)
    undoing = inverse_of_applied(found)
    return submit_mutation(
        title=undoing.title,
        rationale=rationale,
        operations=undoing.operations,
        actor=actor,
        workspace=found.workspace_id,
        reverts=found,
        warnings=undoing.warnings,
        hearing=hearing,
    )


def _begun(sketch: Sketch, actor: Actor, workspace: UUID) -> Proposal:
    return Proposal(
        workspace_id=workspace,
        title=sketch.title,
        rationale=sketch.rationale,
        state=ProposalState.DRAFT,
        proposer_id=actor.actor_id,
        proposer_kind=actor.actor_kind,
        created_at=timezone.now(),
    )


def _submit(
    proposal: Proposal, prospect: Prospect, actor: Actor, hearing: Hearing | None
) -> Submitted:
    workspace, proposal.submitted_at = proposal.workspace_id, timezone.now()
    impact, findings = impact_on(prospect, workspace), checked(prospect, workspace)
    verdict = judge_act(
        act=prospect.act(proposal.title, proposal.rationale, impact=impact),
        actor=actor,
        workspace=workspace,
        hearing=hearing,
    )
    if proposal.asks_people:
        verdict = asking(verdict)
    _fill(proposal, prospect, findings, verdict, impact)
    overlaps = overlaps_of(proposal)
    approval = _ask(proposal, verdict, actor)
    _save(proposal)  # once what it follows reverts nothing any more
    _tell(proposal, verdict, findings, overlaps)
    return Submitted(
        proposal=proposal,
        verdict=verdict,
        approval=approval,
        overlaps=overlaps,
        findings=findings,
        prospect=prospect,
    )


def _fill(
    proposal: Proposal,
    prospect: Prospect,
    findings: Sequence[Finding],
    verdict: Verdict,
    impact: int,
) -> None:
    look_at(proposal, prospect)
    weigh_in(proposal, verdict, findings, impact)
    proposal.act_id, proposal.moved_at = verdict.record, timezone.now()
    if verdict.denied:
        proposal.state = ProposalState.POLICY_DENIED
    elif prospect.conflicts:
        proposal.state = ProposalState.CONFLICTED
    elif errors_in(findings):
        proposal.state = ProposalState.INVALID
    elif verdict.effect == Effect.REQUIRE:
        proposal.state = ProposalState.IN_REVIEW
    else:
        proposal.state = ProposalState.QUEUED


def _save(proposal: Proposal) -> None:
    """One proposal at a time reverts another."""
    if proposal.reverts_id is None:
        _write(proposal)
        return
    try:
        with transaction.atomic():
            _write(proposal)
    except IntegrityError as error:
        raise NothingToRevert("It is being reverted already, by another proposal.") from error


def _write(proposal: Proposal) -> None:
    if proposal._state.adding:
        insert([proposal])
    else:
        proposal.save()


def _ask(proposal: Proposal, verdict: Verdict, actor: Actor) -> Approval | None:
    """Before it is applied, where the policy wants that. Of those that pass, some are drawn for a
    later look. What it follows waits no more."""
    if proposal.state not in OPEN:
        return None
    asked: dict[str, Any] = {
        "kind": KIND,
        "subject": proposal.id,
        "content": proposal.content_digest,
        "verdict": verdict,
        "actor": actor,
        "workspace": proposal.workspace_id,
    }
    approval: Approval | None
    earlier = proposal.follows and request_about(kind=KIND, subject=proposal.follows.id)
    follows = earlier.id if earlier else None
    if verdict.effect == Effect.REQUIRE:
        approval = approval_of(open_request(**asked, follows=follows))
    else:
        if follows is not None:
            take_up(follows, by=None, actor=actor)
        drawn = sample(**asked)
        approval = approval_of(drawn) if drawn else None
    if proposal.follows:
        _supersede(proposal.follows.id)
    return approval


def _take_over(
    reverted: Proposal, proposal: Proposal, follows: Proposal, prospect: Prospect
) -> None:
    """It reverts what the one that it follows did, if it does the same as that."""
    if prospect.digest == follows.content_digest:
        proposal.reverts, proposal.findings = reverted, made_with(follows)
    else:
        proposal.findings = [stays_applied(reverted).kept()]


def _supersede(proposal_id: UUID) -> None:
    [before] = held(id_=proposal_id)
    if before.state in UNREVISABLE:  # by now
        raise ProposalMoved(details=[{"field": "state", "message": before.state}])
    if may_move(ProposalState(before.state), ProposalState.SUPERSEDED):
        close(before, ProposalState.SUPERSEDED, because="revised")


def _tell(
    proposal: Proposal,
    verdict: Verdict,
    findings: Sequence[Finding],
    overlaps: Sequence[Overlap],
) -> None:
    record(
        events.ProposalSubmitted(
            **named(proposal),
            keys=sorted({operation["key"] for operation in proposal.operations}),
            state=proposal.state,
            risk=proposal.risk_level,
            operations=len(proposal.operations),
            impact=proposal.impact,
            overlaps=[overlap.proposal for overlap in overlaps],
            follows=proposal.follows_id,
            reverts=proposal.reverts_id,
            act=proposal.act_id,
        )
    )
    tell_outcome(proposal, verdict, findings)
