"""What a proposal is called: as its proposer says, or else by what it does."""

import pytest

from apps.specs.models.proposals import Proposal
from tests.specs.graphs import node, plant
from tests.specs.proposing import delivered, retitle, submit, vote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]
CREATE = {"op": "create", "kind": "requirement", "key": "REQ-9", "title": "Refunds"}
DELETE = {"op": "delete", "target": "TEST-1"}


def title_of(proposal) -> str:
    return Proposal.objects.get(id=proposal.id).title


@pytest.mark.parametrize(
    ("given", "called"), [("", "adds REQ-9"), ("Something else", "Something else")]
)
def test_a_title_that_was_made_follows_an_edit(
    workspace, agent, reviewer, other_reviewer, given, called
):
    proposal = submit(workspace, agent, retitle("REQ-1", "Cards"), title=given).proposal
    assert title_of(proposal) == (given or "retitles REQ-1")
    vote(proposal, reviewer, edits={"operations": [CREATE]})
    assert title_of(proposal) == called


@pytest.mark.parametrize(
    ("given", "titles"),
    [("", ("retitles REQ-1", "adds REQ-9")), ("A change", ("A change", "A change"))],
)
def test_of_two_parts_each_is_called_by_what_it_does(workspace, agent, reviewer, given, titles):
    whole = submit(workspace, agent, retitle("REQ-1", "Cards"), CREATE, title=given).proposal
    vote(whole, reviewer, operations=[0])
    assert (title_of(whole), Proposal.objects.get(part_of=whole).title) == titles


def test_a_title_that_was_made_follows_new_keys(workspace, agent, contributor):
    proposal = submit(workspace, agent, retitle("REQ-1", "Cards"), title=" ").proposal
    rename = {"op": "rename", "target": "REQ-1", "key": "PAY-1"}
    delivered(submit(workspace, contributor, rename).proposal)
    assert delivered(proposal).title == "retitles PAY-1"


def test_the_policy_reads_the_title_that_it_will_have(workspace, agent, reviewer):
    proposal = submit(workspace, agent, retitle("REQ-1", "Cards"), title="").proposal
    plant(workspace, [node("REQ-1", renamed="PAY-1")])
    vote(proposal, reviewer)
    assert delivered(proposal).title == "retitles PAY-1"
