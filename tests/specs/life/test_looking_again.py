"""What becomes of proposals that wait when another one changes the graph beneath them."""

import pytest

from apps.accounts.models import Membership
from apps.approvals.choices import State
from apps.approvals.errors import AlreadyDecided
from apps.approvals.models.requests import ApprovalRequest
from apps.ledger.models import Delivery, Event
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.proposals import Proposal
from apps.specs.services.applying import apply_mutation
from tests.deliveries import deliver_again
from tests.specs.proposing import (
    POLICY,
    decide,
    delivered,
    edit,
    link,
    request_of,
    retitle,
    spec,
    submit,
    types_since,
    vote,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]


def apply(workspace, contributor, *operations):
    came = submit(workspace, contributor, *operations)
    assert delivered(came.proposal).state == ProposalState.APPLIED


def test_what_would_do_the_same_keeps_its_votes(workspace, agent, contributor, reviewer):
    waits = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    request = request_of(waits)
    apply(workspace, contributor, edit("REQ-1", "Well", "Very well"), retitle("REQ-1", "Cards"))
    told = Event.objects.get(type="specs.proposal.rebased").payload
    assert (told["proposal"], told["onto"]) == (str(waits.id), 2)
    assert request_of(waits) == request
    assert delivered(waits).operations[0]["base"] == 2
    assert decide(waits, reviewer).state == ProposalState.APPLIED
    assert "Very well" in spec("REQ-1").body
    assert "2 seconds" in spec("REQ-1").body


def test_a_vote_on_the_same_counts_even_before_it_was_looked_at_again(
    workspace, agent, contributor, reviewer
):
    waits = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    vote(waits, reviewer)
    apply(workspace, contributor, retitle("REQ-1", "Elsewhere"))
    assert delivered(waits).state == ProposalState.APPLIED


def test_what_would_do_otherwise_is_asked_about_anew(workspace, agent, contributor, reviewer):
    """A line of what stands around it has changed: what people saw is not what it would do."""
    waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    first = request_of(waits)
    apply(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    stale = delivered(waits)
    assert stale.state == ProposalState.STALE
    assert stale.content_digest != waits.content_digest
    first.refresh_from_db()
    second = request_of(waits)
    assert (first.state, second.state) == (State.SUPERSEDED, State.PENDING)
    assert (second.follows, second.proposer_id) == (first, agent.id)
    assert second.excluded == first.excluded
    told = Event.objects.get(type="specs.proposal.stale").payload
    assert (told["before"], told["digest"]) == (waits.content_digest, stale.content_digest)
    assert decide(stale, reviewer).state == ProposalState.APPLIED


def test_it_goes_stale_more_than_once(workspace, agent, contributor):
    waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    apply(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    apply(workspace, contributor, edit("REQ-1", "2 seconds", "1 second"))
    assert delivered(waits).state == ProposalState.STALE
    assert ApprovalRequest.objects.filter(subject_id=waits.id).count() == 3


def test_what_fits_no_more_conflicts_and_shows_all_three(workspace, agent, contributor, before):
    waits = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    apply(workspace, contributor, edit("REQ-1", "3 seconds", "9 seconds"))
    proposal = delivered(waits)
    assert proposal.state == ProposalState.CONFLICTED
    [conflict] = proposal.conflicts
    assert "3 seconds" in conflict["base"]
    assert "9 seconds" in conflict["theirs"]
    assert "2 seconds" in conflict["ours"]
    assert request_of(waits).state == State.CANCELLED
    assert types_since(before).count("specs.proposal.conflicted") == 1
    assert "9 seconds" in spec("REQ-1").body


def test_a_vote_that_comes_before_it_was_looked_at_asks_anew_and_does_not_count(
    workspace, agent, contributor, reviewer
):
    waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    came = submit(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    apply_mutation(proposal_id=came.proposal.id, workspace=workspace.id)
    with pytest.raises(AlreadyDecided):
        vote(waits, reviewer)
    assert delivered(waits).state == ProposalState.STALE
    assert request_of(waits).state == State.PENDING
    assert decide(waits, reviewer).state == ProposalState.APPLIED


def test_what_was_approved_but_can_still_be_undone_is_asked_about_anew(
    workspace, owner, agent, contributor, reviewer
):
    undoable = POLICY + "undo: {seconds: 60, up_to: high}\n"
    apply_policy(text=undoable, workspace=workspace.id, actor=owner)
    waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    vote(waits, reviewer)
    assert request_of(waits).state == State.ALLOWED
    apply(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    assert delivered(waits).state == ProposalState.STALE
    assert request_of(waits).state == State.PENDING


def test_what_it_needs_has_gone(workspace, agent, contributor):
    waits = submit(workspace, agent, link("REQ-1", "depends_on", "REQ-2")).proposal
    apply(workspace, contributor, {"op": "delete", "target": "REQ-2"})
    assert delivered(waits).state == ProposalState.CONFLICTED


def test_a_stale_one_ends_as_any_other(workspace, agent, contributor, reviewer):
    for decision, state in (
        ("reject", ProposalState.REJECTED),
        ("request_changes", ProposalState.CHANGES_REQUESTED),
    ):
        waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
        body = spec("REQ-1").body
        line = next(line for line in body.splitlines() if "SHALL" in line)
        apply(workspace, contributor, edit("REQ-1", line, f"{line} Always."))
        assert delivered(waits).state == ProposalState.STALE
        assert decide(waits, reviewer, decision, comment="No.").state == state


def test_where_nobody_could_decide_any_more_it_is_over(workspace, agent, contributor, reviewer):
    waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    Membership.objects.filter(user=reviewer).delete()
    apply(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    proposal = delivered(waits)
    assert (proposal.state, proposal.because) == (
        ProposalState.WITHDRAWN,
        "approval_nobody_eligible",
    )
    assert request_of(waits).state == State.CANCELLED


def test_one_that_cannot_be_looked_at_holds_back_no_other(workspace, agent, contributor):
    broken = delivered(
        submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    )
    waits = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    Proposal.objects.filter(id=broken.id).update(operations=[{"op": "unheard of"}])
    came = submit(workspace, contributor, retitle("REQ-1", "Elsewhere"))
    with pytest.raises(ValueError, match="unheard of"):
        delivered(came.proposal)
    assert Proposal.objects.get(id=waits.id).onto == 2
    delivery = Delivery.objects.get(subscription="specs.look_again")
    assert (delivery.done_at, delivery.last_error.partition(" ")[0]) == (None, "ValueError")
    Proposal.objects.filter(id=broken.id).update(operations=broken.operations)
    deliver_again("specs.look_again")
    assert Proposal.objects.get(id=broken.id).onto == 2
    delivery.refresh_from_db()
    assert delivery.done_at is not None
