"""What was left out of a proposal, and would do something else without it."""

import pytest

from apps.ledger.models import Event
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.errors import ProposalMoved
from apps.specs.models.proposals import Proposal
from apps.specs.services.applying import apply_mutation
from apps.specs.services.submitting import submit_draft
from tests.specs.proposing import (
    POLICY,
    decide,
    delivered,
    links_now,
    request_of,
    retitle,
    spec,
    submit,
    unlink,
    vote,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy", "graph")]
LINK = "TEST-1 verifies REQ-1"
BOTH = (unlink("TEST-1", "verifies", "REQ-1"), {"op": "delete", "target": "TEST-1"})
"""Alone, the second takes the link away too."""
TWO = POLICY.replace("name: review,", "name: review, quorum: 2,")


@pytest.fixture
def rest(workspace, owner, agent, reviewer, other_reviewer):
    """Approved, while what it stands on waits for another vote."""
    apply_policy(text=TWO, workspace=workspace.id, actor=owner)
    whole = submit(workspace, agent, *BOTH).proposal
    vote(whole, reviewer, operations=[0])
    rest = Proposal.objects.get(part_of=whole)
    vote(rest, reviewer)
    vote(rest, other_reviewer)
    return rest


def test_it_waits_until_it_does_what_was_approved(rest, other_reviewer):
    assert delivered(rest).state == ProposalState.IN_REVIEW
    assert request_of(rest).state == "effective"
    assert LINK in links_now()
    assert decide(rest.part_of, other_reviewer).state == ProposalState.APPLIED
    assert delivered(rest).state == ProposalState.APPLIED
    assert not spec("TEST-1").is_live


def test_queued_all_the_same_it_is_not_applied(rest, workspace):
    Proposal.objects.filter(id=rest.id).update(state=ProposalState.QUEUED)
    apply_mutation(proposal_id=rest.id, workspace=workspace.id)
    proposal = Proposal.objects.get(id=rest.id)
    assert (proposal.state, proposal.because) == (ProposalState.APPLY_FAILED, "content")
    assert LINK in links_now()
    assert spec("TEST-1").is_live


def test_what_the_policy_denies_of_it_is_kept_and_told(workspace, owner, agent, reviewer, before):
    """By itself; together with something else it let people decide."""
    alone = "  - name: no links lost\n    when: {operation: [unlink], every: true}\n"
    text = POLICY.replace("default:", f"{alone}    then: {{deny: Links stay.}}\ndefault:")
    apply_policy(text=text, workspace=workspace.id, actor=owner)
    both = (retitle("REQ-2", "Transfers"), unlink("TEST-1", "verifies", "REQ-1"))
    whole = submit(workspace, agent, *both).proposal
    vote(whole, reviewer, operations=[0])
    rest = Proposal.objects.get(part_of=whole)
    assert (rest.state, rest.proposer_id) == (ProposalState.POLICY_DENIED, agent.id)
    told = Event.objects.get(type="specs.proposal.denied").payload
    assert (told["proposal"], told["reasons"]) == (str(rest.id), ["policy_denied"])
    reshaped = Event.objects.get(type="specs.proposal.reshaped").payload
    assert reshaped["rest"] == str(rest.id)
    assert delivered(whole).state == ProposalState.APPLIED
    assert LINK in links_now()


def test_what_the_policy_lets_pass_of_it_is_a_draft(workspace, owner, contributor, reviewer):
    asks = POLICY.replace("actor: [agent]", "operation: [unlink]")
    apply_policy(text=asks, workspace=workspace.id, actor=owner)
    whole = submit(workspace, contributor, *BOTH).proposal
    vote(whole, reviewer, operations=[0])
    assert Proposal.objects.get(part_of=whole).state == ProposalState.DRAFT


def test_it_asks_people_where_the_whole_did(workspace, contributor, reviewer):
    """Though the policy would let both pass."""
    two = (retitle("REQ-2", "Transfers"), retitle("GOAL-1", "Take more money"))
    whole = submit(workspace, contributor, *two, asks_people=True).proposal
    vote(whole, reviewer, operations=[0])
    assert delivered(whole).state == ProposalState.APPLIED
    rest = Proposal.objects.get(part_of=whole)
    assert (rest.state, spec("GOAL-1").title) == (ProposalState.IN_REVIEW, "Take money")
    assert decide(rest, reviewer).state == ProposalState.APPLIED
    assert spec("GOAL-1").title == "Take more money"


def test_a_draft_that_stands_on_what_waits_is_not_submitted(
    workspace, owner, contributor, reviewer, other_reviewer
):
    asks = TWO.replace("actor: [agent]", "operation: [unlink]")
    apply_policy(text=asks, workspace=workspace.id, actor=owner)
    whole = submit(workspace, contributor, *BOTH).proposal
    vote(whole, reviewer, operations=[0])
    rest = Proposal.objects.get(part_of=whole)
    with pytest.raises(ProposalMoved) as refusal:
        submit_draft(proposal_id=rest.id, actor=contributor)
    assert refusal.value.details[0]["proposal"] == str(whole.id)
    assert Proposal.objects.get(id=rest.id).state == ProposalState.DRAFT
    assert decide(whole, other_reviewer).state == ProposalState.APPLIED
    submit_draft(proposal_id=rest.id, actor=contributor)
    assert delivered(rest).state == ProposalState.APPLIED
