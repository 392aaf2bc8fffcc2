"""A proposal is judged by the hour in which it was proposed, and so is what was left out of it."""

import pytest
import time_machine

from apps.approvals.choices import State
from apps.approvals.services.clock import turn_clock
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.proposals import Proposal
from apps.specs.services.submitting import submit_draft
from tests.specs.proposing import POLICY, delivered, request_of, retitle, submit, vote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("graph")]
AT_WORK, AT_NIGHT = "2026-01-07T12:00:00Z", "2026-01-07T02:00:00Z"
NIGHTS = POLICY.replace(
    "default:",
    """\
  - name: nights are reviewed
    when: {hours: outside, act: [spec.change]}
    then: {require: [{name: review, roles: [reviewer]}]}
default:""",
)
BOTH = (retitle("REQ-1", "Cards"), retitle("REQ-2", "Transfers"))


@pytest.fixture(autouse=True)
def policy(workspace, owner, reviewer):
    return apply_policy(text=NIGHTS, workspace=workspace.id, actor=owner)


def at(moment):
    return time_machine.travel(moment, tick=False)


def drafted(workspace, actor, moment, submitted):
    with at(moment):
        draft = submit(workspace, actor, *BOTH, draft=True).proposal
    with at(submitted):
        return submit_draft(proposal_id=draft.id, actor=actor).proposal


def test_a_draft_of_the_night_that_is_submitted_by_day(workspace, contributor):
    proposal = drafted(workspace, contributor, AT_NIGHT, AT_WORK)
    assert proposal.state == ProposalState.QUEUED
    assert delivered(proposal).state == ProposalState.APPLIED


def test_a_draft_of_the_day_that_is_submitted_at_night(workspace, contributor, owner):
    proposal = drafted(workspace, contributor, AT_WORK, AT_NIGHT)
    other = NIGHTS.replace("Goals are not deleted.", "Goals remain.")
    apply_policy(text=other, workspace=workspace.id, actor=owner)
    turn_clock(request_id=request_of(proposal).id)
    assert request_of(proposal).state == State.PENDING


def test_what_is_left_out_by_day_of_what_was_proposed_at_night(workspace, contributor, reviewer):
    with at(AT_NIGHT):
        whole = submit(workspace, contributor, *BOTH).proposal
    with at(AT_WORK):
        vote(whole, reviewer, operations=[0])
    assert Proposal.objects.get(part_of=whole).state == ProposalState.IN_REVIEW
