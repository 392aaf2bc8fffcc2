"""What is applied before anybody decided, and looked at afterwards."""

import pytest

from apps.approvals.choices import State, Via
from apps.approvals.models.people import AfterReview
from apps.approvals.services.emergencies import break_glass
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Revision
from tests.specs.proposing import POLICY, delivered, request_of, retitle, spec, submit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]


def hold(workspace, owner, more):
    apply_policy(text=POLICY + more, workspace=workspace.id, actor=owner)


def test_what_was_drawn_for_a_later_look_is_applied_at_once(workspace, owner, contributor):
    hold(workspace, owner, "sampling: {percent: 100}\n")
    came = submit(workspace, contributor, retitle("REQ-1", "Mine"))
    assert came.proposal.state == ProposalState.QUEUED
    assert came.approval.state == State.CONSUMED
    assert delivered(came.proposal).state == ProposalState.APPLIED
    assert AfterReview.objects.get().request_id == came.approval.id
    assert Revision.objects.latest("number").request_id is None


def test_who_breaks_the_glass_has_it_applied_at_once(workspace, owner, agent, other_owner):
    hold(workspace, owner, "break_glass: {enabled: true}\n")
    proposal = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    request = request_of(proposal)
    break_glass(
        request_id=request.id,
        reason="It burns.",
        digest=request.view_digest,
        actor=other_owner,
        via=Via.API,
    )
    assert delivered(proposal).state == ProposalState.APPLIED
    assert spec("REQ-1").title == "Mine"
    revision = Revision.objects.latest("number")
    assert (revision.request_id, revision.approvers) == (request.id, [])
