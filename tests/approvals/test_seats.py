"""Who takes a request on, who looks at it later, and whose seat goes to whom."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.errors import PeopleOnly
from apps.approvals.choices import State
from apps.approvals.errors import (
    AlreadyClaimed,
    NobodyEligible,
    NotOpen,
    NotToHandOver,
    NotYourTurn,
    SelfApproval,
)
from apps.approvals.models.people import Snooze
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.services.seats import (
    LEASE,
    claim_request,
    hand_over_request,
    reassign_request,
    snooze_request,
    unclaim_request,
    unsnooze_request,
)
from apps.common.errors import Invalid, NotAllowed
from apps.ledger.models import Event
from tests.approvals.deciding import ONE, STEPS, hold, vote
from tests.approvals.loaves import ask
from tests.approvals.test_races import at_once, bakery
from tests.factories import member

__all__ = ["bakery"]


def recorded(name):
    return Event.objects.filter(type=f"approvals.request.{name}").count()


def claim(request, actor):
    claimed = claim_request(request_id=request.id, actor=actor)
    request.refresh_from_db()
    return claimed


# --- claims


def test_a_claim_lasts_a_quarter_of_an_hour_and_is_renewed(request_, reviewer):
    before = timezone.now()
    claim(request_, reviewer)
    assert request_.claimed_by == reviewer.id
    assert before + LEASE <= request_.claimed_until <= timezone.now() + LEASE
    first = request_.claimed_until
    claim(request_, reviewer)
    assert request_.claimed_until > first


def test_anothers_claim_is_named_and_hinders_no_vote(request_, reviewer, other_reviewer):
    claim(request_, reviewer)
    with pytest.raises(AlreadyClaimed) as refusal:
        claim(request_, other_reviewer)
    [detail] = refusal.value.details
    assert detail["claimed_by"] == str(reviewer.id)
    assert detail["claimed_by_name"] == reviewer.name
    assert detail["claimed_until"] == request_.claimed_until.isoformat()
    assert recorded("claimed") == 1
    vote(request_, other_reviewer)
    assert (request_.state, request_.claimed_by) == (State.EFFECTIVE, None)


def test_a_claim_lapses_by_itself(request_, reviewer, other_reviewer):
    claim(request_, reviewer)
    ApprovalRequest.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    claim(request_, other_reviewer)
    assert request_.claimed_by == other_reviewer.id


def test_only_who_holds_it_gives_it_back(request_, reviewer, other_reviewer):
    claim(request_, reviewer)
    with pytest.raises(AlreadyClaimed):
        unclaim_request(request_id=request_.id, actor=other_reviewer)
    for _ in range(2):
        unclaim_request(request_id=request_.id, actor=reviewer)
    request_.refresh_from_db()
    assert request_.claimed_until is None
    assert recorded("unclaimed") == 1


def test_who_may_not_decide_claims_nothing(request_, workspace, owner, baker):
    contributor = member(workspace, Role.CONTRIBUTOR)
    for refusal, who in (
        (SelfApproval, owner),
        (PeopleOnly, baker),
        (NotAllowed, contributor),
    ):
        with pytest.raises(refusal):
            claim(request_, who)
    assert recorded("claimed") == 0


def test_what_is_over_is_not_taken_on(request_, reviewer, other_reviewer):
    vote(request_, reviewer)
    with pytest.raises(NotOpen):
        claim(request_, other_reviewer)


def test_of_those_who_claim_at_once_one_does(bakery):
    request, people = bakery.ask(), bakery.reviewers

    def claiming(person):
        return lambda: claim_request(request_id=request.id, actor=person)

    answers = at_once(*map(claiming, people))
    refused = [one for one in answers if isinstance(one, AlreadyClaimed)]
    request.refresh_from_db()
    assert len(refused) == len(people) - 1
    assert {one.details[0]["claimed_by"] for one in refused} == {str(request.claimed_by)}


# --- snoozing


def test_a_snooze_is_ones_own_and_ends(request_, reviewer):
    soon, later = (timezone.now() + timedelta(days=days) for days in (1, 2))
    for until in (soon, later):
        snooze_request(request_id=request_.id, until=until, actor=reviewer)
    assert Snooze.objects.get().until == later
    for _ in range(2):
        unsnooze_request(request_id=request_.id, actor=reviewer)
    assert not Snooze.objects.exists()


@pytest.mark.parametrize("ahead", [timedelta(seconds=-1), timedelta(days=31)])
def test_a_snooze_is_for_a_month_at_most(request_, reviewer, ahead):
    with pytest.raises(Invalid):
        snooze_request(request_id=request_.id, until=timezone.now() + ahead, actor=reviewer)
    assert not Snooze.objects.exists()


# --- seats


def hand_over(request, actor, to):
    return hand_over_request(request_id=request.id, to=to.id, actor=actor)


@pytest.fixture
def signing(loaves, workspace, owner, baker, reviewer, other_reviewer, admin):
    """Review by a reviewer, and then by an admin who is not the same."""
    hold(workspace, owner, STEPS)
    return ask(workspace, baker)


@pytest.fixture
def for_admins(loaves, workspace, owner, baker, reviewer, other_reviewer, admin):
    hold(workspace, owner, ONE.replace("reviewer", "admin"))
    return ask(workspace, baker)


def test_a_seat_goes_to_somebody_else_and_comes_back(for_admins, admin, reviewer):
    seen = for_admins.view_digest
    claim(for_admins, admin)
    hand_over(for_admins, admin, reviewer)
    for_admins.refresh_from_db()
    assert (for_admins.view_digest, for_admins.claimed_by) == (seen, None)
    with pytest.raises(NotYourTurn):
        vote(for_admins, admin)
    hand_over(for_admins, reviewer, admin)
    with pytest.raises(NotYourTurn):
        vote(for_admins, reviewer)
    vote(for_admins, admin)
    assert for_admins.state == State.EFFECTIVE
    told = Event.objects.filter(type="approvals.request.handed_over").order_by("seq")
    assert [event.payload["to"] for event in told] == [[str(reviewer.id)], [str(admin.id)]]


def test_who_got_a_seat_decides_from_it(for_admins, admin, reviewer, other_reviewer):
    hand_over(for_admins, admin, reviewer)
    with pytest.raises(NotYourTurn):
        vote(for_admins, other_reviewer)
    vote(for_admins, reviewer)
    assert for_admins.state == State.EFFECTIVE


def test_nobody_gives_what_is_not_theirs_or_was_used(
    for_admins, workspace, owner, admin, reviewer, other_reviewer
):
    with pytest.raises(NotYourTurn):
        hand_over(for_admins, reviewer, other_reviewer)
    with pytest.raises(SelfApproval):
        hand_over(for_admins, owner, reviewer)
    vote(for_admins, admin, "abstain")
    with pytest.raises(NotToHandOver):
        hand_over(for_admins, admin, reviewer)
    assert recorded("handed_over") == 0
    assert Stage.objects.get().added_people == []


def test_a_seat_goes_to_nobody_who_may_not_decide(for_admins, workspace, owner, baker, admin):
    for to in (owner, baker, member(workspace, Role.CONTRIBUTOR), member(workspace, Role.ADMIN)):
        with pytest.raises(Invalid):
            hand_over(for_admins, admin, to)
    assert recorded("handed_over") == 0


def test_no_later_stage_is_left_without_anybody(signing, workspace, reviewer, admin):
    only = member(workspace, Role.REVIEWER)
    vote(signing, reviewer)
    another = member(workspace, Role.ADMIN)
    hand_over(signing, admin, only)
    vote(signing, only)
    assert signing.state == State.EFFECTIVE
    assert another.id not in Stage.objects.get(name="sign off").added_people


def test_the_only_one_of_a_later_stage_gets_no_seat_in_an_earlier_one(
    loaves, workspace, owner, baker, admin
):
    """The reviewer's seat goes to the only admin, who alone could sign off."""
    first = member(workspace, Role.REVIEWER)
    hold(workspace, owner, STEPS.replace("roles: [reviewer]", f"people: [{first.id}]"))
    request = ask(workspace, baker)
    with pytest.raises(NobodyEligible):
        hand_over(request, first, admin)
    assert not Stage.objects.exclude(added_people=[]).exists()


def test_who_manages_members_gives_out_seats(for_admins, workspace, admin, reviewer):
    for _ in range(2):
        reassign_request(request_id=for_admins.id, people=[reviewer.id, admin.id], actor=admin)
    assert recorded("handed_over") == 1
    assert Stage.objects.get().added_people == [reviewer.id]
    vote(for_admins, reviewer)
    assert for_admins.state == State.EFFECTIVE


def test_others_do_not(for_admins, workspace, owner, reviewer, other_reviewer):
    for refusal, who in ((NotAllowed, reviewer), (SelfApproval, owner)):
        with pytest.raises(refusal):
            reassign_request(request_id=for_admins.id, people=[other_reviewer.id], actor=who)
    assert recorded("handed_over") == 0


def test_who_edited_it_does_not_choose_who_decides(for_admins, workspace, admin, reviewer):
    member(workspace, Role.ADMIN)
    vote(for_admins, admin, edits={"spread": "jam"})
    with pytest.raises(SelfApproval):
        reassign_request(request_id=for_admins.id, people=[reviewer.id], actor=admin)
    assert recorded("handed_over") == 0


def test_nobody_who_has_a_part_in_it_is_given_a_seat(for_admins, owner, baker, admin):
    for people in ([owner.id], [baker.id], []):
        with pytest.raises(Invalid):
            reassign_request(request_id=for_admins.id, people=people, actor=admin)
    assert recorded("handed_over") == 0
