"""Proposals as approvals ask about them, and as people change them while they decide."""

import pytest
from django.urls import reverse

from apps.approvals.choices import State
from apps.approvals.errors import NotReshapable, OperationsUnknown
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import subjects
from apps.common.errors import NotFound
from apps.ledger.models import Event
from apps.policies.errors import PolicyDenied
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.graph import Revision
from apps.specs.models.proposals import Proposal
from tests.factories import PersonFactory
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
CREATE = {"op": "create", "kind": "requirement", "key": "REQ-9", "title": "Refunds"}


@pytest.fixture
def subject():
    return subjects["mutation"]


def test_a_line_says_who_would_do_what(workspace, agent, subject, django_assert_num_queries):
    one = submit(
        workspace,
        agent,
        edit("REQ-1", "3 seconds", "2 seconds"),
        unlink("REQ-1", "refines", "GOAL-1"),
    ).proposal
    other = submit(workspace, agent, retitle("REQ-2", "Two")).proposal
    new = submit(workspace, agent, CREATE, title="Pay\u202eback").proposal
    with django_assert_num_queries(3):
        told = subject.summaries([one.id, other.id, new.id, workspace.id])
    assert set(told) == {one.id, other.id, new.id}
    assert told[one.id].about == spec("REQ-1").title
    assert told[new.id].about == "Pay⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩back"
    assert told[one.id].sentence == f"{agent.name} rewords REQ-1 and drops its link to GOAL-1"
    assert told[one.id].size == "2 operations, 2 lines"
    assert told[one.id].url == reverse("admin:specs_proposal", args=[one.id])
    assert told[one.id].touches == {str(spec("REQ-1").id)}


def test_its_change_is_what_would_be_applied(workspace, owner, agent, subject):
    proposal = submit(
        workspace,
        agent,
        edit("REQ-1", "3 seconds", "2 seconds"),
        {**CREATE, "body": "The system SHALL refund.\n", "labels": ["money"]},
        link("TEST-1", "verifies", "REQ-9"),
        {"op": "update", "target": "REQ-1", "changes": {"owner": None, "title": "Cards"}},
        rationale="Faster\u202e.",
    ).proposal
    plant(workspace, [node("REQ-1", labels=["theirs"])])
    change = subject.change(proposal.id)
    assert change.digest == proposal.content_digest
    assert change.rationale == "Faster⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩."
    reworded, created, linked, updated = change.operations
    assert "-The system SHALL accept a card within 3 seconds." in reworded.diff
    assert (reworded.before, "2 seconds" in (reworded.after or "")) == (spec("REQ-1").body, True)
    assert (created.before, created.after) == (None, "The system SHALL refund.\n")
    fields = {field.name: (field.before, field.after) for field in created.fields}
    assert fields["title"] == (None, "Refunds")
    assert fields["labels"] == (None, ("money",))
    [kind] = linked.fields
    assert (kind.name, kind.before, kind.after) == ("verifies", ("REQ-1",), ("REQ-1", "REQ-9"))
    assert linked.needs == (1,)
    fields = {field.name: (field.before, field.after) for field in updated.fields}
    assert fields == {"owner": (owner.name, None), "title": ("Pay by card", "Cards")}
    assert [text.name for text in change.editable] == ["operations.0.body", "operations.1.body"]
    with pytest.raises(NotFound):
        subject.change(workspace.id)


def test_once_applied_it_shows_what_was_proposed(workspace, agent, reviewer, subject):
    proposal = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    seen = subject.change(proposal.id)
    decide(proposal, reviewer)
    assert subject.change(proposal.id) == seen


def test_what_depends_on_it_is_named_with_what_else_waits(workspace, agent, owner, subject):
    proposal = submit(workspace, agent, retitle("GOAL-1", "Take any money")).proposal
    other = submit(workspace, agent, retitle("GOAL-1", "Take no money"), title="Mine").proposal
    near, far, beside = subject.impact(proposal.id, actor=owner)
    assert (near.label, near.how, near.of) == ("REQ-1 Pay by card", "refines GOAL-1", "")
    assert (far.label, far.of) == ("TEST-1 Card works", near.key)
    assert (beside.label, beside.kind) == ("Mine", "proposal")
    assert beside.url == reverse("admin:review_request", args=[request_of(other).id])
    assert subject.impact(proposal.id, actor=PersonFactory.create()) == ()


def test_its_digest_costs_one_look_while_nothing_has_moved(
    workspace, agent, subject, django_assert_num_queries
):
    proposal = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    with django_assert_num_queries(2):
        assert subject.digest(proposal.id) == proposal.content_digest
    plant(workspace, [node("REQ-1", body="Other.\n")])
    assert subject.digest(proposal.id) == proposal.content_digest
    plant(workspace, [node("REQ-1", title="Theirs")])
    assert subject.digest(proposal.id) != proposal.content_digest
    assert subject.digest(workspace.id) is None


def test_who_decides_edits_it_and_somebody_else_approves(
    workspace, agent, reviewer, other_reviewer
):
    proposal = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    text = spec("REQ-1").body.replace("3 seconds", "1 second")
    vote(proposal, reviewer, edits={"operations.0.body": text})
    again = delivered(proposal)
    assert again.state == ProposalState.IN_REVIEW
    assert again.content_digest == request_of(proposal).content_digest != proposal.content_digest
    assert decide(proposal, other_reviewer).state == ProposalState.APPLIED
    assert spec("REQ-1").body == text
    revision = Revision.objects.latest("number")
    assert revision.authors == [agent.id, reviewer.id]
    assert set(revision.approvers) == {reviewer.id, other_reviewer.id}
    told = Event.objects.get(type="specs.proposal.reshaped").payload
    assert (told["before"], told["rest"]) == (proposal.content_digest, None)


def test_all_of_it_can_be_edited_in_the_form_it_is_sent_in(
    workspace, agent, reviewer, other_reviewer
):
    proposal = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    vote(proposal, reviewer, edits={"operations": [retitle("REQ-1", "Ours")]})
    assert decide(proposal, other_reviewer).state == ProposalState.APPLIED
    assert spec("REQ-1").title == "Ours"


@pytest.mark.parametrize(
    "edits",
    [
        {},
        {"operations.7.body": "x"},
        {"operations.0.body": 7},
        {"operations": []},
        {"operations": [retitle("REQ-99", "x")]},
        {"operations": [link("GOAL-1", "refines", "REQ-1")]},
    ],
)
def test_edits_that_do_not_add_up_change_nothing(workspace, agent, reviewer, before, edits):
    proposal = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    recorded = types_since(before)
    with pytest.raises(NotReshapable):
        vote(proposal, reviewer, edits=edits)
    assert Proposal.objects.get(id=proposal.id).operations == proposal.operations
    assert types_since(before) == recorded


def test_an_edit_to_what_stood_there_leaves_nothing(workspace, agent, reviewer):
    proposal = submit(workspace, agent, edit("REQ-1", "3 seconds", "2 seconds")).proposal
    with pytest.raises(NotReshapable, match="Nothing would be left"):
        vote(proposal, reviewer, edits={"operations.0.body": spec("REQ-1").body})


@pytest.mark.parametrize(
    "less", [{"operations": [0]}, {"edits": {"operations": [retitle("REQ-1", "Ours")]}}]
)
def test_where_rego_has_to_be_asked_nobody_reshapes_it(workspace, agent, reviewer, settings, less):
    both = (retitle("REQ-1", "Mine"), retitle("REQ-2", "Mine too"))
    proposal = submit(workspace, agent, *both).proposal
    settings.OPA_ENABLE = True
    with pytest.raises(NotReshapable, match="Rego"):
        vote(proposal, reviewer, **less)
    assert request_of(proposal).content_digest == proposal.content_digest


def test_the_policy_judges_what_is_edited(workspace, agent, reviewer):
    proposal = submit(workspace, agent, retitle("REQ-1", "Mine")).proposal
    with pytest.raises(PolicyDenied):
        vote(proposal, reviewer, edits={"operations": [{"op": "delete", "target": "GOAL-1"}]})


def test_a_part_is_accepted_and_the_rest_asked_about_by_itself(workspace, agent, reviewer):
    proposal = submit(
        workspace,
        agent,
        edit("REQ-1", "3 seconds", "2 seconds"),
        CREATE,
        link("REQ-9", "refines", "GOAL-1"),
        retitle("REQ-1", "Cards"),
    ).proposal
    assert decide(proposal, reviewer, operations=[0, 1]).state == ProposalState.APPLIED
    assert (spec("REQ-9").title, spec("REQ-1").title) == ("Refunds", "Pay by card")
    rest = Proposal.objects.get(part_of=proposal)
    assert (rest.state, rest.proposer_id) == (ProposalState.IN_REVIEW, agent.id)
    assert request_of(rest).part_of == request_of(proposal)
    assert decide(rest, reviewer).state == ProposalState.APPLIED
    assert "REQ-9 refines GOAL-1" in links_now()
    assert spec("REQ-1").title == "Cards"


def test_what_a_part_needs_is_named(workspace, agent, reviewer, before):
    proposal = submit(workspace, agent, CREATE, link("TEST-1", "verifies", "REQ-9")).proposal
    recorded = types_since(before)
    for operations, missing in (([1], [0]), ([7], None), ([], None)):
        with pytest.raises(OperationsUnknown) as refusal:
            vote(proposal, reviewer, operations=operations)
        assert refusal.value.details[0].get("missing") == missing
    assert types_since(before) == recorded


def test_the_rest_of_what_was_not_accepted_in_the_end_fits_no_more(
    workspace, agent, reviewer, other_reviewer
):
    proposal = submit(workspace, agent, CREATE, link("TEST-1", "verifies", "REQ-9")).proposal
    vote(proposal, reviewer, operations=[0])
    rest = Proposal.objects.get(part_of=proposal)
    assert rest.state == ProposalState.IN_REVIEW
    assert ApprovalRequest.objects.get(subject_id=proposal.id).state == State.EFFECTIVE
    vote(proposal, other_reviewer, "veto", comment="Not at all.")
    delivered(proposal)
    assert delivered(rest).state == ProposalState.CONFLICTED
    assert request_of(rest).state == State.CANCELLED


def test_the_rest_that_is_approved_first_waits_for_what_it_stands_on(
    workspace, owner, agent, reviewer, other_reviewer
):
    apply_policy(
        text=POLICY.replace("name: review,", "name: review, quorum: 2,"),
        workspace=workspace.id,
        actor=owner,
    )
    proposal = submit(workspace, agent, CREATE, link("TEST-1", "verifies", "REQ-9")).proposal
    vote(proposal, reviewer, operations=[0])
    rest = Proposal.objects.get(part_of=proposal)
    vote(rest, reviewer)
    assert decide(rest, other_reviewer).state == ProposalState.IN_REVIEW
    assert request_of(rest).state == State.EFFECTIVE
    assert decide(proposal, other_reviewer).state == ProposalState.APPLIED
    assert delivered(rest).state == ProposalState.APPLIED
    assert "TEST-1 verifies REQ-9" in links_now()
