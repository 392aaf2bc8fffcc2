"""What comes of a proposal when it is submitted."""

import pytest

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from apps.specs.choices import ProposalState
from apps.specs.errors import OperationsInvalid
from apps.specs.models.proposals import Proposal
from tests.factories import member
from tests.specs.graphs import node, plant
from tests.specs.proposing import edit, link, request_of, retitle, spec, submit, types_since

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]


def test_where_the_policy_asks_for_approval_it_waits_for_that(workspace, agent, before):
    came = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds"))
    assert came.proposal.state == ProposalState.IN_REVIEW
    assert came.verdict.effect == "require"
    request = request_of(came.proposal)
    assert came.approval.id == request.id
    assert request.content_digest == came.proposal.content_digest
    assert types_since(before) == ["approvals.request.opened", "specs.proposal.submitted"]
    told = Event.objects.get(type="specs.proposal.submitted").payload
    assert (told["keys"], told["state"], told["impact"]) == (["REQ-1"], "in_review", 1)
    assert spec("REQ-1").version == 1


def test_where_the_policy_lets_it_pass_it_is_queued(workspace, contributor, before):
    came = submit(workspace, contributor, retitle("req-1", "Pay by any card"))
    assert (came.proposal.state, came.approval) == (ProposalState.QUEUED, None)
    assert types_since(before) == ["specs.proposal.submitted", "specs.proposal.queued"]
    assert not ApprovalRequest.objects.exists()


def test_what_the_policy_denies_is_kept_with_its_verdict(workspace, contributor, before):
    came = submit(workspace, contributor, {"op": "delete", "target": "GOAL-1"})
    assert came.proposal.state == ProposalState.POLICY_DENIED
    assert came.verdict.denied
    assert types_since(before) == [
        "policies.act.denied",
        "specs.proposal.submitted",
        "specs.proposal.denied",
    ]


def test_what_the_checks_find_wrong_is_kept_with_their_findings(workspace, contributor, before):
    came = submit(workspace, contributor, link("GOAL-1", "refines", "REQ-1"))
    assert came.proposal.state == ProposalState.INVALID
    assert {finding.check for finding in came.findings if finding.severity == "error"} == {"cycles"}
    assert Proposal.objects.get(id=came.proposal.id).findings[0]["check"] == "cycles"
    assert types_since(before)[-1] == "specs.proposal.invalid"


def test_what_does_not_add_up_is_refused_whole(workspace, contributor, before):
    with pytest.raises(OperationsInvalid) as refusal:
        submit(workspace, contributor, retitle("REQ-1", "A"), retitle("REQ-99", "B"))
    assert [detail["operation"] for detail in refusal.value.details] == [1]
    assert types_since(before) == []
    assert Proposal.objects.count() == 1


def test_an_owner_is_somebody_who_is_here(workspace, contributor, other_owner, before):
    stranger = {"op": "update", "target": "REQ-1", "changes": {"owner": str(workspace.id)}}
    with pytest.raises(OperationsInvalid) as refusal:
        submit(workspace, contributor, stranger)
    create = {"op": "create", "kind": "task", "title": "More", "owner": str(workspace.id)}
    with pytest.raises(OperationsInvalid) as refusals:
        submit(workspace, contributor, create)
    details = [*refusal.value.details, *refusals.value.details]
    assert [detail["field"] for detail in details] == ["changes.owner", "owner"]
    assert types_since(before) == []
    here = {"op": "update", "target": "REQ-1", "changes": {"owner": str(other_owner.id)}}
    assert submit(workspace, contributor, here).proposal.state == ProposalState.QUEUED


def test_who_may_not_write_proposes_nothing(workspace, before):
    with pytest.raises(NotAllowed):
        submit(workspace, member(workspace, Role.VIEWER), retitle("REQ-1", "Mine"))
    assert types_since(before) == []
    assert Proposal.objects.count() == 1


def test_other_open_proposals_on_the_same_nodes_are_named(workspace, agent):
    first = submit(workspace, agent, retitle("REQ-1", "One"), retitle("REQ-2", "Two"))
    second = submit(workspace, agent, edit("REQ-1", "3 seconds", "4 seconds"))
    [overlap] = second.overlaps
    assert overlap.proposal == first.proposal.id
    assert (overlap.keys, overlap.state) == (("REQ-1",), "in_review")
    told = Event.objects.filter(type="specs.proposal.submitted").latest("seq").payload
    assert told["overlaps"] == [str(first.proposal.id)]


def test_a_base_that_has_moved_elsewhere_is_brought_along(workspace, contributor):
    plant(workspace, [node("REQ-1", title="Moved on")])
    came = submit(workspace, contributor, edit("REQ-1", "3 seconds", "2 seconds", base=1))
    assert came.proposal.state == ProposalState.QUEUED
    assert came.proposal.operations[0]["base"] == 2


def test_a_base_that_has_moved_otherwise_is_kept_as_a_conflict(workspace, contributor, before):
    plant(workspace, [node("REQ-1", title="Moved on")])
    came = submit(workspace, contributor, retitle("REQ-1", "Mine", base=1))
    assert came.proposal.state == ProposalState.CONFLICTED
    [conflict] = Proposal.objects.get(id=came.proposal.id).conflicts
    assert (conflict["base"], conflict["theirs"], conflict["ours"]) == (
        "Pay by card",
        "Moved on",
        "Mine",
    )
    assert types_since(before)[-1] == "specs.proposal.conflicted"
