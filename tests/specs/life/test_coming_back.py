"""What was deleted comes back as those who decide have seen it."""

import pytest

from apps.approvals.ports import subjects
from apps.common.errors import DomainError
from apps.specs.choices import ProposalState
from tests.specs.graphs import node, plant
from tests.specs.proposing import delivered, edit, spec, submit, vote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]

DELETE = {"op": "delete", "target": "REQ-2"}
RESTORE = {"op": "restore", "target": "REQ-2"}
TOKEN = "ghp_" + "k3" * 18


def apply(workspace, contributor, *operations):
    came = submit(workspace, contributor, *operations)
    assert delivered(came.proposal).state == ProposalState.APPLIED


def test_all_that_comes_back_is_shown_and_stays_as_it_was(workspace, owner, contributor, agent):
    plant(workspace, [node("REQ-2", labels=["money"], owner_id=owner.id)])
    apply(workspace, contributor, DELETE)
    proposal = submit(workspace, agent, RESTORE).proposal
    change = subjects["mutation"].change(proposal.id)
    [shown] = change.operations
    assert "+The system SHALL accept a transfer." in shown.diff
    assert (shown.before, shown.after) == (None, spec("REQ-2").body)
    fields = {field.name: field.after for field in shown.fields}
    assert fields["title"] == "Pay by transfer"
    assert (fields["labels"], fields["owner"]) == (("money",), owner.name)
    assert change.editable == ()


def test_what_has_become_another_text_meanwhile_is_not_what_was_approved(
    workspace, contributor, agent, reviewer
):
    apply(workspace, contributor, DELETE)
    proposal = submit(workspace, agent, RESTORE).proposal
    plant(workspace, [node("REQ-2", body="Anything goes.\n")])
    with pytest.raises(DomainError):
        vote(proposal, reviewer)
    assert delivered(proposal).state != ProposalState.APPLIED
    assert not spec("REQ-2").is_live


@pytest.mark.usefixtures("other_reviewer")
def test_a_text_beside_it_is_edited_and_it_comes_back(workspace, contributor, agent, reviewer):
    apply(workspace, contributor, DELETE)
    change = edit("REQ-1", "3 seconds", "2 seconds")
    proposal = submit(workspace, agent, RESTORE, change).proposal
    [text] = subjects["mutation"].change(proposal.id).editable
    wanted = text.text.replace("2 seconds", "1 second")
    vote(proposal, reviewer, edits={text.name: wanted})
    proposal = delivered(proposal)
    assert [operation["op"] for operation in proposal.operations] == ["restore", "edit"]
    assert "hunks" not in proposal.operations[0]


def test_the_policy_reads_what_comes_back(workspace, contributor):
    plant(workspace, [node("REQ-2", body=f"Log in with {TOKEN}.\n")])
    apply(workspace, contributor, DELETE)
    came = submit(workspace, contributor, RESTORE)
    assert {hit.field for hit in came.verdict.hits} == {"operations.0.body"}
