"""Who is away, and who decides in their seat."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import State
from apps.approvals.errors import AbsenceOverlaps, DelegateUnfit, NotYourTurn, SelfApproval
from apps.approvals.models.people import Absence
from apps.approvals.models.requests import Vote
from apps.approvals.services.absences import end_absence, set_absence
from apps.common.errors import DomainError, Invalid, NotAllowed, NotFound
from apps.ledger.models import Event
from tests.approvals.deciding import TWO, hold, policy_of, vote
from tests.approvals.loaves import ask
from tests.factories import WorkspaceFactory, agent_of, member


def away(workspace, person, delegate=None, *, by=None, after=0.0, days=7.0):
    begins = timezone.now() + timedelta(days=after)
    return set_absence(
        workspace_id=workspace.id,
        person=person.id,
        begins_at=begins,
        ends_at=begins + timedelta(days=days),
        delegate=delegate.id if delegate else None,
        actor=by or person,
    )


@pytest.fixture
def named(loaves, workspace, owner, baker, reviewer):
    """One that the reviewer alone decides."""
    hold(workspace, owner, policy_of(f"name: review, people: [{reviewer.id}]"))
    return ask(workspace, baker)


def test_a_delegate_decides_in_the_seat_of_who_is_away(named, workspace, reviewer, other_reviewer):
    with pytest.raises(NotYourTurn):
        vote(named, other_reviewer)
    away(workspace, reviewer, other_reviewer)
    cast = vote(named, other_reviewer).vote
    assert (cast.voter_id, cast.instead_of) == (other_reviewer.id, reviewer.id)
    assert named.state == State.EFFECTIVE


def test_not_before_they_go_and_not_after_they_are_back(named, workspace, reviewer, other_reviewer):
    absence = away(workspace, reviewer, other_reviewer, after=1)
    with pytest.raises(NotYourTurn):
        vote(named, other_reviewer)
    Absence.objects.filter(id=absence.id).update(begins_at=timezone.now() - timedelta(days=1))
    end_absence(absence_id=absence.id, workspace_id=workspace.id, actor=reviewer)
    with pytest.raises(NotYourTurn):
        vote(named, other_reviewer)
    assert not Vote.objects.exists()


def test_who_stands_in_has_no_second_vote(loaves, workspace, owner, baker, reviewer):
    hold(workspace, owner, TWO)
    other = member(workspace, Role.REVIEWER)
    request = ask(workspace, baker)
    away(workspace, reviewer, other)
    vote(request, other)
    assert vote(request, other).again
    assert request.state == State.PENDING


def test_nobody_stands_in_for_who_stands_in(named, workspace, reviewer, other_reviewer, admin):
    away(workspace, reviewer, other_reviewer)
    with pytest.raises(DelegateUnfit) as refusal:
        away(workspace, admin, reviewer)
    assert refusal.value.details[0]["field"] == "delegate"
    away(workspace, other_reviewer, admin)  # nobody is forbidden to go
    with pytest.raises(NotYourTurn):
        vote(named, admin)


def test_standing_in_helps_no_proposer(loaves, workspace, owner, baker, reviewer, admin):
    """Neither who delegated to the agent from another seat, nor somebody else from theirs."""
    hold(workspace, owner, policy_of(f"name: review, people: [{reviewer.id}, {owner.id}]"))
    request = ask(workspace, baker)
    away(workspace, reviewer, owner)
    with pytest.raises(SelfApproval):
        vote(request, owner)
    away(workspace, owner, admin)
    with pytest.raises(NotYourTurn):
        vote(request, admin)
    assert not Vote.objects.exists()


def test_the_agent_of_a_delegate_does_not_profit(loaves, workspace, owner, reviewer):
    delegate = member(workspace, Role.REVIEWER)
    hold(workspace, owner, policy_of(f"name: review, people: [{reviewer.id}]"))
    request = ask(workspace, agent_of(delegate, workspace))
    away(workspace, reviewer, delegate)
    with pytest.raises(SelfApproval):
        vote(request, delegate)


def test_who_is_away_may_decide_all_the_same_and_their_own_vote_counts(
    loaves, workspace, owner, baker, reviewer, other_reviewer, admin
):
    hold(workspace, owner, TWO)
    request = ask(workspace, baker)
    away(workspace, reviewer, admin)
    vote(request, reviewer)
    assert request.state == State.PENDING


@pytest.mark.parametrize("unfit", ["oneself", "contributor", "agent", "stranger", "nobody"])
def test_only_who_may_decide_stands_in(unfit, workspace, owner, baker, reviewer):
    delegate = {
        "oneself": lambda: reviewer,
        "contributor": lambda: member(workspace, Role.CONTRIBUTOR),
        "agent": lambda: baker,
        "stranger": lambda: member(WorkspaceFactory.create(), Role.OWNER),
        "nobody": lambda: workspace,
    }[unfit]()
    before = Event.objects.count()
    with pytest.raises(DelegateUnfit):
        away(workspace, reviewer, delegate)
    assert not Absence.objects.exists()
    assert Event.objects.count() == before


def test_absences_of_one_person_do_not_overlap(workspace, reviewer, other_reviewer):
    first = away(workspace, reviewer, after=1, days=3)
    with pytest.raises(AbsenceOverlaps) as refusal:
        away(workspace, reviewer, other_reviewer, after=3, days=3)
    assert refusal.value.details[0]["absence"] == str(first.id)
    away(workspace, reviewer, after=5, days=1)
    away(workspace, other_reviewer, after=2, days=1)


@pytest.mark.parametrize(("after", "days"), [(-3, 1), (1, 0), (1, -1)])
def test_it_ends_after_it_begins_and_not_in_the_past(workspace, reviewer, after, days):
    with pytest.raises(Invalid):
        away(workspace, reviewer, after=after, days=days)


def test_who_manages_members_sets_it_for_others_but_not_for_their_own_good(
    workspace, owner, admin, reviewer, other_reviewer
):
    with pytest.raises(NotAllowed):
        away(workspace, reviewer, by=other_reviewer)
    with pytest.raises(NotAllowed):
        away(workspace, owner, by=admin)
    with pytest.raises(DelegateUnfit):
        away(workspace, reviewer, admin, by=admin)
    absence = away(workspace, reviewer, other_reviewer, by=admin)
    with pytest.raises(NotAllowed):
        end_absence(absence_id=absence.id, workspace_id=workspace.id, actor=other_reviewer)
    end_absence(absence_id=absence.id, workspace_id=workspace.id, actor=admin)
    kinds = Event.objects.filter(type__startswith="approvals.absence").values_list(
        "type", "actor_id"
    )
    assert list(kinds) == [
        ("approvals.absence.set", admin.id),
        ("approvals.absence.ended", admin.id),
    ]


def test_what_is_over_or_elsewhere_is_not_found(workspace, owner, reviewer):
    absence = away(workspace, reviewer)
    elsewhere = WorkspaceFactory.create()
    stranger = member(elsewhere, Role.OWNER)
    with pytest.raises(NotFound):
        end_absence(absence_id=absence.id, workspace_id=elsewhere.id, actor=stranger)
    end_absence(absence_id=absence.id, workspace_id=workspace.id, actor=owner)
    with pytest.raises(NotFound):
        end_absence(absence_id=absence.id, workspace_id=workspace.id, actor=reviewer)


def test_two_who_name_each_other_at_once_do_not_both(room_for_all):
    workspace = WorkspaceFactory.create()
    pair = [member(workspace, Role.REVIEWER) for _ in range(2)]

    def go(person, delegate):
        try:
            away(workspace, person, delegate)
        except DomainError as error:
            return error
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(go, pair, reversed(pair)))
    assert sorted(type(error).__name__ for error in done) == ["DelegateUnfit", "NoneType"]
    assert Absence.objects.count() == 1


def test_over_http(api, workspace, reviewer, other_reviewer):
    mine, theirs = api(reviewer), api(other_reviewer)
    wanted = {
        "begins_at": "2030-07-01T00:00:00+02:00",
        "ends_at": "2030-07-15T00:00:00+02:00",
        "delegate": str(other_reviewer.id),
    }
    made = mine.post("/api/v1/absences", wanted)
    assert made.status_code == 201
    assert made.json()["begins_at"] == "2030-06-30T22:00:00Z"
    again = mine.post("/api/v1/absences", wanted)
    assert again.json()["error"]["code"] == "approval_absence_overlaps"
    listed = theirs.get("/api/v1/absences").json()["results"]
    assert [one["person"] for one in listed] == [str(reviewer.id)]
    place = f"/api/v1/absences/{made.json()['id']}"
    assert theirs.delete(place).status_code == 403
    assert mine.delete(place).status_code == 204
    assert mine.delete(place).status_code == 404
