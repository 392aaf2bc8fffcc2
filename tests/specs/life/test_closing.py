"""How a proposal ends that is not applied."""

import pytest

from apps.approvals.choices import Because, State
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.services.opening import withdraw_request
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.errors import ProposalMoved
from apps.specs.models.proposals import Proposal
from apps.specs.services.applying import apply_mutation, queue_approved_mutation
from apps.specs.services.closing import withdraw_mutation
from apps.specs.services.submitting import submit_draft
from tests.factories import PersonFactory
from tests.specs.proposing import (
    POLICY,
    decide,
    delivered,
    request_of,
    retitle,
    spec,
    submit,
    types_since,
    vote,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]


@pytest.fixture
def waiting(workspace, agent):
    return submit(workspace, agent, retitle("REQ-1", "Mine")).proposal


@pytest.mark.parametrize(
    ("decision", "state"),
    [
        ("reject", ProposalState.REJECTED),
        ("veto", ProposalState.REJECTED),
        ("request_changes", ProposalState.CHANGES_REQUESTED),
    ],
)
def test_people_decide_against_it(waiting, reviewer, decision, state):
    proposal = decide(waiting, reviewer, decision, comment="No.")
    assert proposal.state == state
    told = Event.objects.filter(type="specs.proposal.closed").latest("seq").payload
    assert (told["state"], told["proposal"]) == (state, str(waiting.id))
    assert spec("REQ-1").version == 1


def test_nobody_decides_in_time(waiting):
    Stage.objects.update(expires_at="2026-01-01T00:00Z")
    ApprovalRequest.objects.update(expires_at="2026-01-01T00:00Z", next_at="2026-01-01T00:00Z")
    assert delivered(waiting).state == ProposalState.EXPIRED


def test_another_policy_denies_it(waiting, workspace, owner):
    asks = "then: {require: [{name: review, roles: [reviewer]}]}"
    denies = POLICY.replace(asks, "then: {deny: No.}")
    apply_policy(text=denies, workspace=workspace.id, actor=owner)
    assert delivered(waiting).state == ProposalState.POLICY_DENIED
    told = Event.objects.filter(type="specs.proposal.denied").latest("seq").payload
    assert told["reasons"] == ["policy_denied"]


def test_whoever_proposed_it_takes_it_back(waiting, agent, before):
    proposal = withdraw_mutation(proposal_id=waiting.id, actor=agent)
    assert (proposal.state, proposal.because) == (ProposalState.WITHDRAWN, "withdrawn")
    request = request_of(waiting)
    assert (request.state, request.because) == (State.CANCELLED, Because.WITHDRAWN)
    recorded = types_since(before)
    again = withdraw_mutation(proposal_id=waiting.id, actor=agent)
    assert (again.state, types_since(before)) == (ProposalState.WITHDRAWN, recorded)
    assert delivered(waiting).state == ProposalState.WITHDRAWN
    assert types_since(before).count("specs.proposal.closed") == 1


def test_so_does_the_owner_of_the_agent_and_nobody_else(waiting, owner, reviewer, before):
    recorded = types_since(before)
    with pytest.raises(NotAllowed):
        withdraw_mutation(proposal_id=waiting.id, actor=reviewer)
    with pytest.raises(NotFound):
        withdraw_mutation(proposal_id=waiting.id, actor=PersonFactory.create())
    assert types_since(before) == recorded
    assert withdraw_mutation(proposal_id=waiting.id, actor=owner).state == ProposalState.WITHDRAWN


def test_taken_back_as_a_request_it_is_withdrawn_too(waiting, agent):
    withdraw_request(request_id=request_of(waiting).id, actor=agent)
    assert delivered(waiting).state == ProposalState.WITHDRAWN


def test_what_is_queued_can_still_be_taken_back(waiting, workspace, agent, reviewer):
    vote(waiting, reviewer)
    queue_approved_mutation(
        proposal_id=waiting.id, request_id=request_of(waiting).id, workspace=workspace.id
    )
    assert withdraw_mutation(proposal_id=waiting.id, actor=agent).state == ProposalState.WITHDRAWN
    assert delivered(waiting).state == ProposalState.WITHDRAWN
    assert request_of(waiting).state == State.INVALIDATED
    assert spec("REQ-1").version == 1


def test_what_was_applied_cannot(waiting, agent, reviewer, before):
    decide(waiting, reviewer)
    recorded = types_since(before)
    with pytest.raises(ProposalMoved):
        withdraw_mutation(proposal_id=waiting.id, actor=agent)
    assert types_since(before) == recorded


def test_a_veto_stops_what_was_queued(waiting, workspace, reviewer, other_reviewer):
    vote(waiting, reviewer)
    queue_approved_mutation(
        proposal_id=waiting.id, request_id=request_of(waiting).id, workspace=workspace.id
    )
    vote(waiting, other_reviewer, "veto", comment="Stop.")
    apply_mutation(proposal_id=waiting.id, workspace=workspace.id)
    proposal = delivered(waiting)
    assert (proposal.state, proposal.because) == (ProposalState.APPLY_FAILED, "veto")
    assert spec("REQ-1").version == 1


def test_a_draft_is_seen_by_who_writes_it_until_it_is_submitted(
    workspace, contributor, agent, before
):
    draft = submit(workspace, agent, retitle("REQ-1", "Mine"), draft=True)
    assert (draft.proposal.state, draft.verdict) == (ProposalState.DRAFT, None)
    assert types_since(before) == []
    for refused in (withdraw_mutation, submit_draft):
        with pytest.raises(NotFound):
            refused(proposal_id=draft.proposal.id, actor=contributor)
    came = submit_draft(proposal_id=draft.proposal.id, actor=agent)
    assert (came.proposal.id, came.proposal.state) == (draft.proposal.id, ProposalState.IN_REVIEW)
    with pytest.raises(ProposalMoved):
        submit_draft(proposal_id=draft.proposal.id, actor=agent)
    other = submit(workspace, agent, retitle("REQ-1", "Mine"), draft=True).proposal
    assert withdraw_mutation(proposal_id=other.id, actor=agent).state == ProposalState.WITHDRAWN
    assert Proposal.objects.filter(state=ProposalState.DRAFT).count() == 0
