"""A policy that asks for the same, sooner or later: votes stand, and times are the new ones."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.approvals.choices import State
from apps.approvals.models.people import Card
from apps.approvals.models.requests import Stage
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from apps.ledger.services import unit
from tests.approvals.deciding import hold, policy_of, vote
from tests.approvals.deliveries import look, look_at_all, pass_time
from tests.approvals.loaves import ask
from tests.approvals.test_voting import recorded

pytestmark = pytest.mark.usefixtures("loaves")
REVIEW = "name: review, quorum: 2, roles: [reviewer]"
TIMED = f"{REVIEW}, due: 4h, expires: 2d, escalation: [{{after: 2h, to: [admin]}}]"


@pytest.fixture
def timed(workspace, owner, baker, reviewer, other_reviewer):
    hold(workspace, owner, policy_of(TIMED))
    return ask(workspace, baker)


@pytest.mark.parametrize(
    "clock",
    [
        "",
        ", due: 5h, expires: 2d, escalation: [{after: 2h, to: [admin]}]",
        ", due: 4h, expires: 3d, escalation: [{after: 2h, to: [admin]}]",
        ", due: 4h, expires: 2d, escalation: [{after: 3h, to: [owner]}]",
        ", due: 4h, expires: 2d, escalation: [{after: 2h, to: [admin]}], business_hours: true",
    ],
)
def test_votes_stand(timed, workspace, owner, reviewer, other_reviewer, clock):
    seen = timed.view_digest
    vote(timed, reviewer)
    hold(workspace, owner, policy_of(f"{REVIEW}{clock}"))
    look_at_all(workspace)
    vote(timed, other_reviewer, digest=seen)
    assert (timed.state, timed.round) == (State.EFFECTIVE, 1)
    assert recorded(timed).count("request.rescheduled") == 1
    assert "request.requirements_changed" not in recorded(timed)


def test_how_many_and_who_is_what_a_vote_agrees_to(timed, workspace, owner, reviewer):
    seen = timed.view_digest
    vote(timed, reviewer)
    hold(workspace, owner, policy_of(TIMED.replace("[reviewer]", "[reviewer, admin]")))
    look_at_all(workspace)
    timed.refresh_from_db()
    assert (timed.round, timed.view_digest != seen) == (2, True)
    assert "request.rescheduled" not in recorded(timed)


def test_the_new_times_count_from_when_the_stage_opened(timed, workspace, owner):
    pass_time(timed, hours=1)
    hold(workspace, owner, policy_of(f"{REVIEW}, due: 6h"))
    look_at_all(workspace)
    stage = Stage.objects.get(request=timed)
    timed.refresh_from_db()
    assert stage.opened_at is not None
    assert timed.due_at == stage.due_at == stage.opened_at + timedelta(hours=6)
    assert timed.expires_at is None
    assert timed.next_at == timed.due_at
    told = Event.objects.get(type="approvals.request.rescheduled").payload
    assert (told["stage"], told["expires_at"]) == ("review", None)


def test_nothing_expires_by_a_new_policy_alone(timed, workspace, owner):
    pass_time(timed, hours=10)
    hold(workspace, owner, policy_of(f"{REVIEW}, expires: 8h"))
    look_at_all(workspace)
    timed.refresh_from_db()
    assert timed.state == State.PENDING
    assert timed.expires_at > timezone.now() + timedelta(hours=7)
    pass_time(timed, hours=8)
    look()
    timed.refresh_from_db()
    assert timed.state == State.EXPIRED


def test_what_is_not_overdue_any_more_becomes_so_again(timed, workspace, owner):
    pass_time(timed, hours=5)
    look()
    hold(workspace, owner, policy_of(f"{REVIEW}, due: 8h"))
    look_at_all(workspace)
    for hours in (0, 4):
        pass_time(timed, hours=hours)
        look()
    assert recorded(timed).count("request.overdue") == 2


def test_a_rung_that_was_climbed_is_not_climbed_again(timed, workspace, owner):
    pass_time(timed, hours=3)
    look()
    rungs = "escalation: [{after: 3h, to: [admin]}, {after: 4h, to: [owner]}]"
    hold(workspace, owner, policy_of(f"{REVIEW}, {rungs}"))
    look_at_all(workspace)
    stage = Stage.objects.get(request=timed)
    assert (stage.climbed, stage.added_roles) == (1, ["admin"])
    pass_time(timed, hours=2)
    look()
    stage.refresh_from_db()
    assert (stage.climbed, stage.added_roles) == (2, ["admin", "owner"])
    assert recorded(timed).count("request.escalated") == 2


def test_what_was_allowed_is_carried_out(timed, workspace, owner, reviewer, other_reviewer):
    vote(timed, reviewer)
    vote(timed, other_reviewer)
    hold(workspace, owner, policy_of(f"{REVIEW}, due: 1h"))
    with unit(actor=SYSTEM, workspace=workspace.id):
        assert consume_request(request_id=timed.id).ok


def test_reminders_come_at_the_new_times(timed, workspace, owner, reviewer):
    asked = {"workspace": workspace, "request": timed, "channel": "email"}
    card = Card.objects.create(
        **asked, person_id=reviewer.id, due_at=timed.due_at, reminder=True, shown_at=timezone.now()
    )
    hold(workspace, owner, policy_of(f"{REVIEW}, due: 2h"))
    look_at_all(workspace)
    card.refresh_from_db()
    timed.refresh_from_db()
    assert card.due_at == timed.due_at
