"""What the policy says of nodes that are not what they were when somebody was asked."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.activity.ports import phrases
from apps.approvals.choices import Because, State
from apps.approvals.errors import AlreadyDecided
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.opening import withdraw_request
from apps.ledger.models import Event
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.proposals import Proposal
from apps.specs.services.closing import close_mutation
from apps.specs.services.revalidating import look_again
from tests.specs.graphs import node, plant
from tests.specs.proposing import (
    POLICY,
    decide,
    delivered,
    edit,
    request_of,
    retitle,
    spec,
    submit,
    vote,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("graph")]
FROZEN = POLICY.replace(
    "default:",
    """\
  - name: frozen stays
    when: {labels: [frozen], actor: [agent]}
    then: {deny: It is frozen.}
  - name: money is audited
    when: {labels: [money], actor: [agent]}
    then: {require: [{name: audit, roles: [owner]}]}
default:""",
)


def relabel(key, *labels):
    return {"op": "update", "target": key, "changes": {"labels": list(labels)}}


@pytest.fixture(autouse=True)
def policy(workspace, owner, reviewer):
    return apply_policy(text=FROZEN, workspace=workspace.id, actor=owner)


def test_what_it_denies_by_now_does_not_wait_any_more(workspace, agent, contributor):
    waits = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    delivered(submit(workspace, contributor, relabel("REQ-1", "frozen")).proposal)
    proposal = delivered(waits)
    assert (proposal.state, proposal.because) == (ProposalState.POLICY_DENIED, Because.POLICY)
    assert request_of(waits).state == State.CANCELLED


@pytest.mark.usefixtures("other_owner")
def test_whom_else_it_asks_by_now_is_asked(workspace, agent, contributor):
    waits = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    first = request_of(waits)
    delivered(submit(workspace, contributor, relabel("REQ-1", "money")).proposal)
    proposal = delivered(waits)
    assert (proposal.state, proposal.because) == (ProposalState.STALE, "labels")
    assert Event.objects.get(type="specs.proposal.stale").payload["because"] == "labels"
    assert phrases["specs.because"]["labels"] == "labels of a spec were changed"
    second = request_of(waits)
    assert (second.follows, second.state) == (first, State.PENDING)
    assert {stage.name for stage in second.stages.all()} == {"review", "audit"}


@pytest.mark.usefixtures("other_owner")
def test_to_say_what_has_moved_no_text_is_read_of_what_was_there(workspace, owner, agent):
    waits = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    plant(workspace, [node("REQ-1", labels=["money"])])
    with CaptureQueriesContext(connection) as asked:
        look_again(proposal_id=waits.id, workspace=workspace.id)
    assert Proposal.objects.get(id=waits.id).because == "labels"
    then = [query["sql"] for query in asked if 'FROM "specs_version"' in query["sql"]]
    assert (len(then), "body" in "".join(then)) == (1, False)


@pytest.mark.parametrize(
    ("change", "because"),
    [({"kind": "constraint"}, "kind"), ({"renamed": "PAY-1"}, "key"), ({"body": "A.\n"}, "policy")],
)
def test_what_has_changed_is_named(workspace, owner, agent, change, because):
    """Of a spec of which the proposal changes something else."""
    waits = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    plant(workspace, [node("REQ-1", **change)])
    text = POLICY.replace("name: review,", "name: anew, quorum: 1,")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    look_again(proposal_id=waits.id, workspace=workspace.id)
    proposal = Proposal.objects.get(id=waits.id)
    assert (proposal.state, proposal.because) == (ProposalState.STALE, because)


def test_that_more_depends_on_it_is_named(workspace, owner, agent):
    waits = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    plant(workspace, [node("REQ-3")], ["REQ-3 depends_on REQ-1"])
    apply_policy(
        text=POLICY.replace("name: review,", "name: anew, quorum: 1,"),
        workspace=workspace.id,
        actor=owner,
    )
    look_again(proposal_id=waits.id, workspace=workspace.id)
    assert Proposal.objects.get(id=waits.id).because == "impact"


@pytest.mark.parametrize("label", ["frozen", "money"])
def test_a_vote_on_what_was_asked_before_does_not_apply_it(workspace, agent, reviewer, label):
    """Nobody has looked at it again yet."""
    waits = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    plant(workspace, [node("REQ-1", labels=[label])])
    proposal = decide(waits, reviewer)
    assert (proposal.state, proposal.because) == (ProposalState.APPLY_FAILED, "policy")
    request = request_of(waits)
    assert (request.state, request.because) == (State.INVALIDATED, Because.POLICY)
    assert spec("REQ-1").title == "Pay by card"


def test_a_label_of_which_it_says_nothing_keeps_the_votes(workspace, agent, contributor, reviewer):
    waits = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    request = request_of(waits)
    delivered(submit(workspace, contributor, relabel("REQ-1", "blue")).proposal)
    assert delivered(waits).state == ProposalState.IN_REVIEW
    assert request_of(waits) == request
    assert decide(waits, reviewer).state == ProposalState.APPLIED


@pytest.mark.parametrize("is_looked_at_first", [True, False])
def test_what_it_lets_pass_by_now_is_applied(
    workspace, owner, contributor, reviewer, is_looked_at_first
):
    """It has become something else than people were asked about, and of that nobody is asked."""
    hot = POLICY.replace("actor: [agent]", "labels: [hot], operation: [edit]")
    apply_policy(text=hot, workspace=workspace.id, actor=owner)
    plant(workspace, [node("REQ-1", labels=["hot"])])
    waits = submit(workspace, contributor, edit("REQ-1", "That is all.", "That is it.")).proposal
    assert waits.state == ProposalState.IN_REVIEW
    cooler = spec("REQ-1").body.replace("3 seconds", "2 seconds")
    plant(workspace, [node("REQ-1", body=cooler, labels=[])])
    if is_looked_at_first:
        look_again(proposal_id=waits.id, workspace=workspace.id)
        assert Proposal.objects.get(id=waits.id).state == ProposalState.QUEUED
    else:
        with pytest.raises(AlreadyDecided):
            vote(waits, reviewer)
    assert request_of(waits).because == Because.CONTENT
    assert delivered(waits).state == ProposalState.APPLIED
    assert "That is it." in spec("REQ-1").body


@pytest.mark.parametrize(
    ("ends", "state"),
    [
        (lambda it, who, _: vote(it, who, "reject", comment="No."), ProposalState.REJECTED),
        (lambda it, _, agent: withdraw_request(request_id=request_of(it).id, actor=agent),
         ProposalState.WITHDRAWN),
    ],
)  # fmt: skip
def test_what_was_decided_is_not_asked_about_anew(workspace, agent, reviewer, ends, state):
    """Though it would do something else by now, and nobody has closed it yet."""
    waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    ends(waits, reviewer, agent)
    plant(workspace, [node("REQ-1", body=spec("REQ-1").body.replace("3 seconds", "2 seconds"))])
    look_again(proposal_id=waits.id, workspace=workspace.id)
    assert delivered(waits).state == state
    assert ApprovalRequest.objects.count() == 1


@pytest.mark.parametrize("look", [look_again, close_mutation])
def test_what_was_something_else_for_a_moment_is_asked_about_anew(workspace, agent, reviewer, look):
    body = spec("REQ-1").body
    waits = submit(workspace, agent, edit("REQ-1", "That is all.", "That is it.")).proposal
    plant(workspace, [node("REQ-1", body=body.replace("3 seconds", "2 seconds"))])
    with pytest.raises(AlreadyDecided):
        vote(waits, reviewer)
    plant(workspace, [node("REQ-1", body=body)])
    look(proposal_id=waits.id, workspace=workspace.id)
    proposal = Proposal.objects.get(id=waits.id)
    assert (proposal.state, proposal.because) == (ProposalState.STALE, Because.CONTENT)
    assert proposal.content_digest == waits.content_digest
    assert decide(waits, reviewer).state == ProposalState.APPLIED
