"""What the policy lets pass once it was changed under review: nobody else is asked."""

import pytest
from django.utils import timezone

from apps.accounts.models import Membership
from apps.approvals.choices import State, Via
from apps.approvals.errors import AlreadyDecided, NotReshapable, NotYourTurn
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.seen import seen
from apps.approvals.services.clock import turn_clock
from apps.approvals.services.settling import sit, take_effect
from apps.approvals.services.voting import undo_decision
from apps.common.actors import SYSTEM
from apps.ledger.services import unit
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Revision
from apps.specs.models.proposals import Proposal
from tests.specs.proposing import (
    POLICY,
    delivered,
    links_now,
    request_of,
    retitle,
    spec,
    submit,
    unlink,
    vote,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("graph", "other_reviewer")]
LINK = "TEST-1 verifies REQ-1"
BOTH = (retitle("REQ-2", "Transfers"), unlink("TEST-1", "verifies", "REQ-1"))
ASKS = POLICY.replace("name: review,", "name: review, quorum: 2,").replace(
    "actor: [agent]", "operation: [unlink]"
)
PEOPLE_ASK = ASKS.replace("operation: [unlink]", "operation: [unlink], actor: [agent]").replace(
    "default:",
    """\
  - name: people are asked about titles
    when: {operation: [update], actor: [person]}
    then: {require: [{name: review, roles: [reviewer]}]}
default:""",
)
UNDO = ASKS.replace("risk:", "undo: {seconds: 600, up_to: critical}\nrisk:")
REVIEWERS_ASK = UNDO.replace(
    "default:",
    """\
  - name: reviewers are asked
    when: {role: [reviewer]}
    then: {require: [{name: review, roles: [reviewer]}]}
default:""",
)
ONLY = {"edits": {"operations": [retitle("REQ-2", "Transfers")]}}
LESS = [{"operations": [0]}, ONLY]


def hold(workspace, owner, text):
    apply_policy(text=text, workspace=workspace.id, actor=owner)


@pytest.fixture
def let_pass(workspace, owner, contributor, reviewer):
    """By who edited it. It takes effect in ten minutes."""
    hold(workspace, owner, UNDO)
    proposal = submit(workspace, contributor, *BOTH).proposal
    vote(proposal, reviewer, **ONLY)
    assert request_of(proposal).state == State.ALLOWED
    return proposal


def after_undo(proposal):
    """Ten minutes later."""
    request = request_of(proposal)
    ApprovalRequest.objects.filter(id=request.id).update(effective_at=timezone.now())
    turn_clock(request_id=request.id)
    return delivered(proposal)


def undo(proposal, actor):
    return undo_decision(request_id=request_of(proposal).id, actor=actor, via=Via.API)


@pytest.mark.parametrize("less", LESS)
def test_it_is_applied_with_one_vote_where_two_were_asked_for(
    workspace, owner, contributor, reviewer, less
):
    hold(workspace, owner, ASKS)
    proposal = submit(workspace, contributor, *BOTH).proposal
    vote(proposal, reviewer, **less)
    assert delivered(proposal).state == ProposalState.APPLIED
    assert request_of(proposal).state == State.CONSUMED
    assert (spec("REQ-2").title, LINK in links_now()) == ("Transfers", True)
    authors = [contributor.id, *([reviewer.id] if "edits" in less else [])]
    assert Revision.objects.latest("number").authors == authors


def test_what_its_editor_would_have_to_ask_for_is_no_way_out(workspace, owner, agent, reviewer):
    hold(workspace, owner, PEOPLE_ASK)
    proposal = submit(workspace, agent, *BOTH).proposal
    with pytest.raises(NotReshapable, match="somebody else"):
        vote(proposal, reviewer, **ONLY)
    assert Proposal.objects.get(id=proposal.id).operations == proposal.operations


def test_what_somebody_else_had_edited_before_is_not_let_pass(
    workspace, owner, contributor, reviewer, other_reviewer
):
    hold(workspace, owner, ASKS)
    proposal = submit(workspace, contributor, *BOTH).proposal
    vote(proposal, other_reviewer, edits={"operations": [retitle("REQ-2", "Other"), BOTH[1]]})
    with pytest.raises(NotReshapable, match="somebody else"):
        vote(proposal, reviewer, **ONLY)
    assert LINK in links_now()


def test_it_takes_effect_when_its_editor_stands_as_before(let_pass):
    assert after_undo(let_pass).state == ProposalState.APPLIED


@pytest.mark.parametrize("role", [None, "contributor", "admin"])
def test_without_its_editor_those_are_asked_who_were_before(let_pass, reviewer, role):
    """And where they may not decide any more."""
    here = Membership.objects.filter(user=reviewer)
    _ = here.update(role=role) if role else here.delete()
    is_asked = role != "admin"
    assert after_undo(let_pass).state == ("in_review" if is_asked else "applied")
    assert spec("REQ-2").title == ("Pay by transfer" if is_asked else "Transfers")
    request = request_of(let_pass)
    if is_asked:
        assert (request.state, request.because) == (State.PENDING, "voters_gone")


def test_a_policy_that_asks_its_editor_asks_again(let_pass, workspace, owner, other_reviewer):
    hold(workspace, owner, REVIEWERS_ASK)
    assert after_undo(let_pass).state == ProposalState.IN_REVIEW
    assert request_of(let_pass).because == "policy"
    vote(let_pass, other_reviewer)
    assert spec("REQ-2").title == "Pay by transfer"


@pytest.mark.parametrize("role", [None, "contributor"])
def test_once_it_has_taken_effect_it_needs_its_editor_to_be_applied(let_pass, reviewer, role):
    request = request_of(let_pass)
    with unit(actor=SYSTEM, workspace=request.workspace_id):
        take_effect(sit(request.id).request)
    here = Membership.objects.filter(user=reviewer)
    _ = here.update(role=role) if role else here.delete()
    assert delivered(let_pass).because == "voters_gone"
    assert spec("REQ-2").title == "Pay by transfer"


@pytest.mark.parametrize("less", LESS)
def test_taken_back_it_asks_those_who_were_asked_before(
    workspace, owner, contributor, reviewer, other_reviewer, less
):
    hold(workspace, owner, UNDO)
    proposal = submit(workspace, contributor, *BOTH).proposal
    vote(proposal, reviewer, **less)
    with pytest.raises(NotYourTurn):
        undo(proposal, other_reviewer)
    for _ in range(2):
        undo(proposal, reviewer)
        request = request_of(proposal)
        assert (request.state, request.because) == (State.PENDING, "undone")
    vote(proposal, other_reviewer)
    assert request_of(proposal).state == State.PENDING
    vote(proposal, reviewer)
    assert after_undo(proposal).state == ProposalState.APPLIED
    assert spec("REQ-2").title == "Transfers"


@pytest.mark.parametrize("less", LESS)
def test_whoever_had_a_seat_vetoes_it(
    workspace, owner, contributor, reviewer, other_reviewer, less
):
    hold(workspace, owner, UNDO)
    proposal = submit(workspace, contributor, *BOTH).proposal
    vote(proposal, other_reviewer)
    vote(proposal, reviewer, **less)
    with pytest.raises(AlreadyDecided):
        vote(proposal, other_reviewer)
    vote(proposal, other_reviewer, "veto", comment="No.")
    assert delivered(proposal).state == ProposalState.REJECTED
    assert request_of(proposal).because == "veto"


def test_an_owner_vetoes_it_when_it_has_taken_effect(
    workspace, owner, contributor, reviewer, other_owner
):
    hold(workspace, owner, ASKS)
    proposal = submit(workspace, contributor, *BOTH).proposal
    vote(proposal, reviewer, **ONLY)
    assert request_of(proposal).state == State.EFFECTIVE
    vote(proposal, other_owner, "veto", comment="No.")
    assert delivered(proposal).state == ProposalState.REJECTED
    assert spec("REQ-2").title == "Pay by transfer"


def test_who_looks_at_it_is_told_so(let_pass, reviewer, other_reviewer):
    def can(actor):
        return seen([request_of(let_pass)], actor)[0].can

    assert (can(reviewer)["undo"].ok, can(reviewer)["veto"].ok) == (True, True)
    assert (can(other_reviewer)["undo"].ok, can(other_reviewer)["veto"].ok) == (False, True)
