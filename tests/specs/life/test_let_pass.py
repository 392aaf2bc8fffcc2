"""What the policy lets pass once it was changed under review: nobody else is asked."""

import pytest

from apps.approvals.choices import State
from apps.approvals.errors import NotReshapable
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Revision
from apps.specs.models.proposals import Proposal
from tests.specs.life.conftest import (
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
ONLY = {"edits": {"operations": [retitle("REQ-2", "Transfers")]}}


def hold(workspace, owner, text):
    apply_policy(text=text, workspace=workspace.id, actor=owner)


@pytest.mark.parametrize("less", [{"operations": [0]}, ONLY])
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
