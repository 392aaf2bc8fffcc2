"""What may be applied is applied: once, whole, and with all that follows from it."""

import pytest
from django.db import transaction

from apps.accounts.models import Membership
from apps.ledger.models import Event
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Graph, Key, Link, Revision, Suspect, Version
from apps.specs.models.proposals import Proposal
from apps.specs.services.applying import apply_mutation, queue_approved_mutation
from tests.deliveries import deliver, deliver_again
from tests.specs.graphs import node, plant
from tests.specs.proposing import (
    POLICY,
    decide,
    delivered,
    edit,
    link,
    links_now,
    request_of,
    retitle,
    spec,
    submit,
    types_since,
    unlink,
    vote,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]


def test_what_was_approved_is_applied_and_told(workspace, owner, agent, reviewer, before):
    came = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds"))
    proposal = decide(came.proposal, reviewer)
    assert proposal.state == ProposalState.APPLIED
    assert "within 2 seconds" in spec("REQ-1").body
    assert (spec("REQ-1").version, spec("REQ-1").revision) == (2, 2)
    assert request_of(proposal).state == "consumed"
    assert types_since(before)[-4:] == [
        "approvals.request.effective",
        "specs.proposal.queued",
        "approvals.request.consumed",
        "specs.proposal.applied",
    ]
    told = Event.objects.get(type="specs.proposal.applied").payload
    assert (told["revision"], told["keys"], told["suspects"]) == (2, ["REQ-1"], 1)
    assert told["owners"] == [str(owner.id)]
    revision = Revision.objects.get(number=2)
    assert (revision.proposal, revision.authors) == (proposal, [agent.id])
    assert revision.approvers == [reviewer.id]
    assert revision.request_id == request_of(proposal).id


def test_its_history_says_what_was_there_before(workspace, contributor):
    proposal = delivered(
        submit(workspace, contributor, retitle("REQ-1", "Pay by any card")).proposal
    )
    assert proposal.state == ProposalState.APPLIED
    rows = Version.objects.filter(node=spec("REQ-1")).order_by("number")
    assert list(rows.values_list("number", "title", "since", "until")) == [
        (1, "Pay by card", 1, 2),
        (2, "Pay by any card", 2, None),
    ]
    revision = Revision.objects.get(number=2)
    assert (revision.request_id, revision.approvers) == (None, [])
    assert revision.at > Revision.objects.get(number=1).at


def test_every_kind_of_operation_is_written(workspace, contributor):
    came = submit(
        workspace,
        contributor,
        {
            "op": "create",
            "kind": "requirement",
            "title": "Refunds",
            "body": "The system SHALL refund a payment within 5 days.\n",
            "links": [{"kind": "refines", "target": "GOAL-1"}],
        },
        {"op": "create", "kind": "section", "title": "Three", "parent": "DOC-1"},
        {"op": "set", "target": "REQ-2", "attribute": "priority", "value": 1},
        {"op": "rename", "target": "REQ-2", "key": "PAY-2"},
        {"op": "move", "target": "DOC-1.two", "parent": "DOC-1", "after": None},
        link("TEST-1", "verifies", "PAY-2"),
        unlink("TEST-1", "verifies", "REQ-1"),
        {"op": "delete", "target": "DOC-1.one"},
    )
    assert delivered(came.proposal).state == ProposalState.APPLIED
    assert links_now() == {
        "REQ-1 refines GOAL-1",
        "REQ-3 refines GOAL-1",
        "TEST-1 verifies PAY-2",
    }
    assert (spec("PAY-2").attributes, spec("REQ-3").title) == ({"priority": 1}, "Refunds")
    assert not spec("DOC-1.one").is_live
    order = spec("DOC-1").__class__.objects.live().filter(parent_id=spec("DOC-1").id)
    assert [row.key for row in order.order_by("rank")] == ["DOC-1.two", "DOC-1.three"]
    assert set(Key.objects.filter(node=spec("PAY-2")).values_list("key", flat=True)) == {
        "REQ-2",
        "PAY-2",
    }
    assert Link.objects.get(until=2).source == spec("TEST-1")


def test_what_it_brought_in_can_be_undone_and_comes_back(workspace, contributor):
    """An old key leads to the node for good."""
    rename = {"op": "rename", "target": "REQ-2", "key": "PAY-2"}
    back = {"op": "rename", "target": "req-2", "key": "REQ-2"}
    for operation in (rename, back):
        assert delivered(submit(workspace, contributor, operation).proposal).state == "applied"
    assert spec("REQ-2").version == 3
    assert Key.objects.filter(node=spec("REQ-2")).count() == 2


def test_links_to_what_has_changed_are_doubtful_until_cleared(workspace, contributor):
    delivered(submit(workspace, contributor, retitle("GOAL-1", "Take any money")).proposal)
    [suspect] = Suspect.objects.all()
    assert (suspect.node.key, suspect.cause.key, suspect.revision) == ("REQ-1", "GOAL-1", 2)
    delivered(submit(workspace, contributor, retitle("GOAL-1", "Take some money")).proposal)
    suspect.refresh_from_db()
    assert (suspect.revision, suspect.latest) == (2, 3)


def test_neither_a_new_name_nor_what_changes_along_makes_a_link_doubtful(workspace, contributor):
    rename = {"op": "rename", "target": "GOAL-1", "key": "GOAL-9"}
    both = (retitle("REQ-1", "Pay by any card"), retitle("TEST-1", "Any card works"))
    for operations in ((rename,), both):
        delivered(submit(workspace, contributor, *operations).proposal)
    assert not Suspect.objects.exists()


def test_who_is_only_labelled_along_the_way_is_to_be_looked_at(workspace, contributor):
    labelled = {"op": "update", "target": "REQ-1", "changes": {"labels": ["soon"]}}
    both = (retitle("GOAL-1", "Take any money"), labelled)
    assert delivered(submit(workspace, contributor, *both).proposal).state == "applied"
    [suspect] = Suspect.objects.all()
    assert (suspect.node.key, suspect.cause.key) == ("REQ-1", "GOAL-1")


def test_delivered_twice_it_is_applied_once(workspace, contributor, before):
    proposal = delivered(submit(workspace, contributor, retitle("REQ-1", "Anew")).proposal)
    deliver_again("specs.apply_mutation")
    apply_mutation(proposal_id=proposal.id, workspace=workspace.id)
    assert Graph.objects.get().revision == Revision.objects.count() == 2
    assert types_since(before).count("specs.proposal.applied") == 1


def test_what_was_foreseen_is_reckoned_again_once_the_graph_has_moved(workspace, contributor):
    came = submit(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    plant(workspace, [node("REQ-1", title="Theirs")])
    apply_mutation(proposal_id=came.proposal.id, workspace=workspace.id, foreseen=came.prospect)
    assert (spec("REQ-1").title, spec("REQ-1").version) == ("Theirs", 3)
    assert "2 seconds" in spec("REQ-1").body


def test_what_was_foreseen_of_something_else_is_not_applied(workspace, contributor):
    other = submit(workspace, contributor, edit("REQ-1", "3 seconds", "9 seconds"))
    came = submit(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    apply_mutation(proposal_id=came.proposal.id, workspace=workspace.id, foreseen=other.prospect)
    assert "2 seconds" in spec("REQ-1").body


def test_what_has_changed_since_it_was_let_pass_is_not_applied(workspace, contributor, before):
    came = submit(workspace, contributor, retitle("REQ-1", "Mine"))
    plant(workspace, [node("REQ-1", title="Theirs")])
    proposal = delivered(came.proposal)
    assert (proposal.state, proposal.because) == (ProposalState.APPLY_FAILED, "content")
    assert (spec("REQ-1").title, Graph.objects.get().revision) == ("Theirs", 2)
    assert types_since(before)[-1] == "specs.proposal.apply_failed"


def test_what_has_changed_elsewhere_since_does_not_hinder_it(workspace, contributor):
    came = submit(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds"))
    plant(workspace, [node("REQ-1", title="Theirs")])
    assert delivered(came.proposal).state == ProposalState.APPLIED
    assert (spec("REQ-1").title, spec("REQ-1").version) == ("Theirs", 3)
    assert "2 seconds" in spec("REQ-1").body


def test_what_another_policy_asks_for_is_not_applied_without(workspace, owner, contributor):
    came = submit(workspace, contributor, retitle("REQ-1", "Mine"))
    apply_policy(
        text=POLICY.replace("actor: [agent]", "actor: [person]"),
        workspace=workspace.id,
        actor=owner,
    )
    proposal = delivered(came.proposal)
    assert (proposal.state, proposal.because) == (ProposalState.APPLY_FAILED, "policy")
    assert spec("REQ-1").version == 1


def test_an_approval_that_does_not_hold_any_more_applies_nothing(
    workspace, agent, reviewer, before
):
    came = submit(workspace, agent, retitle("REQ-1", "Mine"))
    vote(came.proposal, reviewer)
    queue_approved_mutation(
        proposal_id=came.proposal.id, request_id=came.approval.id, workspace=workspace.id
    )
    plant(workspace, [node("REQ-1", title="Theirs")])
    proposal = delivered(came.proposal)
    assert (proposal.state, proposal.because) == (ProposalState.APPLY_FAILED, "content")
    assert request_of(proposal).state == "invalidated"
    assert spec("REQ-1").title == "Theirs"


def test_an_approval_of_who_has_left_applies_nothing(workspace, agent, reviewer):
    came = submit(workspace, agent, retitle("REQ-1", "Mine"))
    vote(came.proposal, reviewer)
    queue_approved_mutation(
        proposal_id=came.proposal.id, request_id=came.approval.id, workspace=workspace.id
    )
    Membership.objects.filter(user=reviewer).delete()
    proposal = delivered(came.proposal)
    assert proposal.state == ProposalState.APPLY_FAILED
    assert spec("REQ-1").title != "Mine"


def test_what_a_check_finds_wrong_by_now_is_not_applied(workspace, contributor):
    came = submit(workspace, contributor, link("GOAL-1", "depends_on", "REQ-2"))
    plant(workspace, [], ["REQ-2 depends_on GOAL-1"])
    proposal = delivered(came.proposal)
    assert (proposal.state, proposal.because) == (ProposalState.APPLY_FAILED, "checks")
    assert "GOAL-1 depends_on REQ-2" not in links_now()


def test_a_key_that_was_given_meanwhile_is_not_given_again(workspace, contributor):
    create = {"op": "create", "kind": "goal", "key": "GOAL-7", "title": "Mine"}
    came = submit(workspace, contributor, create)
    plant(workspace, [node("goal-7", title="Theirs", kind="goal")])
    assert delivered(came.proposal).state == ProposalState.APPLY_FAILED
    assert spec("goal-7").title == "Theirs"


def test_the_database_refuses_a_second_revision_of_a_proposal(workspace, contributor):
    proposal = delivered(submit(workspace, contributor, retitle("REQ-1", "Anew")).proposal)
    again = Revision.objects.get(proposal=proposal)
    again.pk, again.number = None, 9
    with pytest.raises(Exception, match="proposal_id"), transaction.atomic():
        again.save(force_insert=True)
    with pytest.raises(Exception, match="does not move"), transaction.atomic():
        Proposal.objects.filter(id=proposal.id).update(state=ProposalState.QUEUED)
    deliver()
    assert Revision.objects.count() == 2
