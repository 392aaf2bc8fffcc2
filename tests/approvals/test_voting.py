"""Votes and what they come to."""

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.choices import Role
from apps.accounts.errors import PeopleOnly
from apps.approvals.choices import Outcome, State
from apps.approvals.errors import (
    AlreadyDecided,
    NobodyEligible,
    NotYourTurn,
    ReasonMissing,
    SelfApproval,
    ViewMissing,
    ViewMoved,
    VoteStands,
)
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from apps.ledger.services import unit
from tests.approvals.deciding import ONE, STEPS, TWO, hold, policy_of, vote
from tests.approvals.deliveries import look_at_all
from tests.approvals.loaves import ask, toast
from tests.factories import agent_of, member


def recorded(request):
    about = Event.objects.filter(payload__request=str(request.id)).order_by("seq")
    return [event.type.removeprefix("approvals.") for event in about]


def test_one_approval_allows_and_takes_effect_at_once(request_, reviewer):
    cast = vote(request_, reviewer)
    assert not cast.again
    assert request_.state == State.EFFECTIVE
    assert request_.outcome == Outcome.ALLOWED
    assert recorded(request_) == [
        "request.opened",
        "vote.cast",
        "stage.passed",
        "request.allowed",
        "request.effective",
    ]


def test_it_is_consumed_once(request_, workspace, reviewer):
    vote(request_, reviewer)
    with unit(actor=SYSTEM, workspace=workspace.id):
        assert consume_request(request_id=request_.id).ok
    with unit(actor=SYSTEM, workspace=workspace.id):
        again = consume_request(request_id=request_.id)
    assert again.ok
    assert again.already
    assert recorded(request_).count("request.consumed") == 1


def test_what_is_not_effective_is_not_consumed(request_, workspace):
    with unit(actor=SYSTEM, workspace=workspace.id):
        assert not consume_request(request_id=request_.id).ok
    request_.refresh_from_db()
    assert request_.state == State.PENDING


def test_what_was_changed_since_is_not_consumed(request_, workspace, reviewer):
    vote(request_, reviewer)
    toast(request_.subject_id)
    with unit(actor=SYSTEM, workspace=workspace.id):
        assert not consume_request(request_id=request_.id).ok
    request_.refresh_from_db()
    assert (request_.state, request_.because) == (State.INVALIDATED, "content")


def test_one_rejection_denies_where_one_approval_allows(request_, reviewer, other_reviewer):
    vote(request_, reviewer, "reject")
    assert (request_.state, request_.because) == (State.DENIED, "votes")
    with pytest.raises(AlreadyDecided) as refusal:
        vote(request_, other_reviewer)
    assert refusal.value.details[0]["decided_by"] == str(reviewer.id)


@pytest.mark.usefixtures("loaves")
def test_a_quorum_of_two_takes_two(workspace, owner, baker, reviewer, other_reviewer, admin):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    vote(request, reviewer)
    vote(request, other_reviewer, "reject")
    assert request.state == State.PENDING
    vote(request, admin)
    assert request.state == State.EFFECTIVE


@pytest.mark.usefixtures("loaves")
def test_stages_come_one_after_the_other_and_take_different_people(
    workspace, owner, baker, reviewer, admin
):
    hold(workspace, owner, STEPS)
    request, another = ask(workspace, baker), member(workspace, Role.ADMIN)
    vote(request, admin)
    assert request.state == State.PENDING
    with pytest.raises(NotYourTurn):
        vote(request, admin)
    with pytest.raises(NotYourTurn):
        vote(request, reviewer)
    vote(request, another)
    assert request.state == State.EFFECTIVE


@pytest.mark.usefixtures("loaves")
def test_who_is_needed_later_leaves_the_first_stage_to_others(
    workspace, owner, baker, reviewer, admin
):
    hold(workspace, owner, STEPS)
    request = ask(workspace, baker)
    with pytest.raises(NotYourTurn, match="sign off"):
        vote(request, admin)
    vote(request, reviewer)
    vote(request, admin)
    assert request.state == State.EFFECTIVE


@pytest.mark.usefixtures("loaves", "admin")
def test_nobody_sits_in_two_stages(workspace, owner, baker):
    hold(workspace, owner, STEPS)
    with pytest.raises(NobodyEligible):
        ask(workspace, baker)
    member(workspace, Role.REVIEWER)
    assert ask(workspace, baker).state == State.PENDING


@pytest.mark.usefixtures("loaves")
def test_nobody_eligible_is_refused_at_once_naming_what_lacks(workspace, owner, baker, reviewer):
    hold(workspace, owner, TWO)
    with pytest.raises(NobodyEligible) as refusal:
        ask(workspace, baker)
    [lack] = refusal.value.details
    assert (lack["stage"], lack["needs"], lack["eligible"]) == ("review", 2, 1)
    assert not ApprovalRequest.objects.exists()


def test_neither_who_proposed_nor_who_delegated_decides(request_, owner, baker):
    with pytest.raises(SelfApproval):
        vote(request_, owner)
    with pytest.raises(NotAllowed):
        vote(request_, baker)
    assert not Vote.objects.exists()


def test_no_agent_votes_through_any_door(request_, workspace, reviewer):
    """The doors ask, too; this is what stands behind them."""
    with pytest.raises(PeopleOnly):
        vote(request_, agent_of(reviewer, workspace))
    assert not Vote.objects.exists()


def test_the_same_vote_again_is_the_same_vote(request_, reviewer):
    first = vote(request_, reviewer)
    again = vote(request_, reviewer)
    assert again.again
    assert again.vote.id == first.vote.id


@pytest.mark.usefixtures("loaves")
def test_a_changed_mind_is_said_to_be_one(workspace, owner, baker, reviewer, other_reviewer):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    vote(request, reviewer)
    with pytest.raises(VoteStands):
        vote(request, reviewer, "reject")
    vote(request, reviewer, "abstain", change=True)
    assert list(Vote.objects.standing().values_list("decision", flat=True)) == ["abstain"]


@pytest.mark.usefixtures("request_")
def test_votes_are_neither_changed_nor_deleted(request_, reviewer):
    vote(request_, reviewer)
    for tamper in (
        lambda: Vote.objects.update(decision="reject"),
        lambda: Vote.objects.all().delete(),
    ):
        with (
            pytest.raises(Exception, match=r"append-only|only appended|not allowed|refused"),
            transaction.atomic(),
        ):
            tamper()


def test_a_request_moves_only_as_it_may(request_, reviewer):
    vote(request_, reviewer, "reject")
    with pytest.raises(IntegrityError), transaction.atomic():
        ApprovalRequest.objects.update(state=State.EFFECTIVE)


def test_a_vote_is_bound_to_what_was_seen(request_, reviewer):
    with pytest.raises(ViewMissing):
        vote(request_, reviewer, digest="")
    with pytest.raises(ViewMoved):
        vote(request_, reviewer, digest="0" * 64)
    assert not Vote.objects.exists()


def test_changes_and_vetoes_take_a_reason(request_, reviewer):
    with pytest.raises(ReasonMissing):
        vote(request_, reviewer, "request_changes")
    vote(request_, reviewer, "request_changes", comment="Less salt.")
    assert request_.state == State.CHANGES_REQUESTED


def test_a_veto_stops_what_was_allowed_until_it_is_acted_on(request_, reviewer, other_reviewer):
    vote(request_, reviewer)
    vote(request_, other_reviewer, "veto", comment="It is mouldy.")
    assert (request_.state, request_.because) == (State.DENIED, "veto")


def test_a_policy_that_asks_for_more_is_told_and_votes_begin_anew(
    request_, workspace, owner, reviewer, other_reviewer
):
    seen = request_.view_digest
    hold(workspace, owner, TWO)
    with pytest.raises(ViewMoved) as refusal:
        vote(request_, reviewer, digest=seen)
    request_.refresh_from_db()
    assert refusal.value.details[0]["view_digest"] == request_.view_digest != seen
    assert "request.requirements_changed" in recorded(request_)
    vote(request_, reviewer)
    assert request_.state == State.PENDING
    vote(request_, other_reviewer)
    assert request_.state == State.EFFECTIVE


def test_a_policy_that_asks_the_same_leaves_votes_as_they_are(request_, workspace, owner, reviewer):
    seen = request_.view_digest
    hold(workspace, owner, ONE + "# a remark\n")
    vote(request_, reviewer, digest=seen)
    assert request_.state == State.EFFECTIVE


def test_who_edits_it_is_not_the_only_one_who_approves(request_, reviewer, other_reviewer):
    vote(request_, reviewer, edits={"spread": "butter"})
    assert request_.state == State.PENDING
    assert request_.co_authors == [reviewer.id]
    vote(request_, other_reviewer)
    assert request_.state == State.EFFECTIVE


def test_it_is_edited_as_often_as_anybody_likes(request_, reviewer, other_reviewer):
    request_.stages.update(round=32_767)
    type(request_).objects.filter(id=request_.id).update(round=32_767)
    vote(request_, reviewer, edits={"spread": "butter"})
    assert (request_.round, request_.stages.current().get().round) == (32_768, 32_768)


def test_a_policy_that_frees_the_proposer_does_not_free_who_edited(
    request_, workspace, owner, reviewer, other_reviewer
):
    vote(request_, reviewer, edits={"spread": "butter"})
    hold(workspace, owner, 'version: "1"\nallowed_dirs: [docs]\ndefault: {then: {allow: true}}\n')
    look_at_all(workspace)
    request_.refresh_from_db()
    assert request_.state == State.PENDING
    vote(request_, other_reviewer)
    assert request_.state == State.EFFECTIVE


@pytest.mark.usefixtures("loaves")
def test_who_would_be_the_only_one_does_not_edit_it(workspace, owner, baker, reviewer):
    hold(workspace, owner, ONE)
    request = ask(workspace, baker)
    seen = request.view_digest
    with pytest.raises(NobodyEligible, match="somebody else"):
        vote(request, reviewer, edits={"spread": "butter"})
    request.refresh_from_db()
    assert (request.view_digest, request.co_authors) == (seen, [])


def test_a_part_is_accepted_and_the_rest_asked_for_by_itself(request_, baker, reviewer):
    cast = vote(request_, reviewer, operations=[1])
    assert request_.state == State.EFFECTIVE
    assert cast.rest.state == State.PENDING
    assert (cast.rest.proposer_id, cast.rest.part_of_id) == (baker.id, request_.id)


def test_it_is_taken_back_by_who_proposed_it(request_, baker, reviewer):
    with pytest.raises(NotAllowed):
        withdraw_request(request_id=request_.id, actor=reviewer)
    withdraw_request(request_id=request_.id, actor=baker)
    request_.refresh_from_db()
    assert request_.outcome == Outcome.CANCELLED
    withdraw_request(request_id=request_.id, actor=baker)


@pytest.mark.usefixtures("loaves")
def test_a_lone_person_may_opt_out(workspace, owner, baker):
    lone = policy_of("name: review, roles: [owner]", more="duties: {solo_opt_out: true}\n")
    hold(workspace, owner, lone)
    request = ask(workspace, baker)
    vote(request, owner)
    assert request.state == State.EFFECTIVE
