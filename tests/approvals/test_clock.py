"""What time does to requests."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.activity.ports import Source, sources
from apps.approvals.choices import Outcome, State, Via
from apps.approvals.errors import AlreadyDecided, NotYourTurn
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.services import clock
from apps.approvals.services.voting import undo_decision
from apps.ledger.models import KillSwitch
from tests.approvals.deciding import hold, policy_of, vote
from tests.approvals.deliveries import look, look_at_all, pass_time
from tests.approvals.loaves import ask
from tests.approvals.test_voting import recorded
from tests.factories import member

TIMED = "name: review, roles: [reviewer], due: 4h, expires: 2d"
CLIMBING = (
    "name: review, roles: [reviewer], due: 1h, expires: 2d, "
    "escalation: [{after: 2h, to: [admin]}, {after: 5h, to: [owner, %s]}]"
)
UNDOABLE = "undo: {seconds: 600, up_to: critical}\n"


@pytest.fixture
def timed(loaves, workspace, owner, baker, reviewer):
    hold(workspace, owner, policy_of(TIMED))
    return ask(workspace, baker)


@pytest.fixture
def undoable(loaves, workspace, owner, baker, reviewer):
    hold(workspace, owner, policy_of(TIMED, more=UNDOABLE))
    return ask(workspace, baker)


def said(request, kind):
    return recorded(request).count(f"request.{kind}")


def test_the_clock_is_a_source_of_the_relay():
    assert Source(clock.claim, clock.give_back, clock.TASK) in sources


def test_nothing_happens_before_its_time(timed):
    assert timed.next_at == timed.due_at
    assert look() == 0
    pass_time(timed, hours=3, minutes=59)
    assert look() == 0


def test_what_is_overdue_is_told_once(timed):
    pass_time(timed, hours=4)
    assert look() == 1
    clock.turn_clock(request_id=timed.id)
    timed.refresh_from_db()
    assert said(timed, "overdue") == 1
    assert timed.state == State.PENDING
    assert timed.next_at == timed.expires_at


def test_too_late_is_expired_and_not_denied(timed, reviewer):
    pass_time(timed, days=2)
    look()
    timed.refresh_from_db()
    assert (timed.state, timed.because) == (State.EXPIRED, "time")
    assert timed.outcome == Outcome.EXPIRED
    assert timed.next_at is None
    assert recorded(timed) == ["request.opened", "request.expired"]
    with pytest.raises(AlreadyDecided) as refusal:
        vote(timed, reviewer)
    assert refusal.value.details[0]["decided_by_name"] == "Lattice"


def test_a_vote_after_its_time_is_late_also_when_nobody_has_looked_yet(timed, reviewer):
    pass_time(timed, days=2)
    with pytest.raises(AlreadyDecided) as refusal:
        vote(timed, reviewer)
    assert refusal.value.details[0]["outcome"] == Outcome.EXPIRED
    timed.refresh_from_db()
    assert timed.state == State.EXPIRED
    assert recorded(timed) == ["request.opened", "request.expired"]
    assert look() == 0


def test_each_rung_brings_in_those_it_names(loaves, workspace, owner, baker, reviewer, admin):
    named = member(workspace, Role.REVIEWER)
    text = policy_of((CLIMBING % named.id).replace("roles: [reviewer]", f"people: [{reviewer.id}]"))
    hold(workspace, owner, text)
    request = ask(workspace, baker)
    with pytest.raises(NotYourTurn):
        vote(request, admin)
    seen = request.view_digest

    pass_time(request, hours=2)
    look()
    stage = Stage.objects.get(request=request)
    assert (stage.climbed, stage.added_roles, stage.added_people) == (1, ["admin"], [])
    request.refresh_from_db()
    assert request.view_digest == seen, "votes so far stay"
    with pytest.raises(NotYourTurn):
        vote(request, named)

    pass_time(request, hours=3)
    look()
    stage.refresh_from_db()
    assert (stage.climbed, stage.added_roles) == (2, ["admin", "owner"])
    assert stage.added_people == [named.id]
    request.refresh_from_db()
    assert request.next_at == request.expires_at
    assert recorded(request).count("request.escalated") == 2
    vote(request, named)
    assert request.state == State.EFFECTIVE


def test_a_late_look_does_all_that_time_has_brought(loaves, workspace, owner, baker, reviewer):
    hold(workspace, owner, policy_of(CLIMBING % reviewer.id))
    request = ask(workspace, baker)
    pass_time(request, hours=30)
    for _ in range(3):
        clock.turn_clock(request_id=request.id)
    assert recorded(request) == [
        "request.opened",
        "request.escalated",
        "request.escalated",
        "request.overdue",
    ]


def test_who_is_expired_climbs_no_more(loaves, workspace, owner, baker, reviewer):
    hold(workspace, owner, policy_of(CLIMBING % reviewer.id))
    request = ask(workspace, baker)
    pass_time(request, days=3)
    look()
    assert recorded(request) == ["request.opened", "request.expired"]


def test_what_may_be_undone_takes_effect_exactly_when_it_may_not_any_more(undoable, reviewer):
    vote(undoable, reviewer)
    assert (undoable.state, undoable.outcome) == ("allowed", None)
    assert undoable.next_at == undoable.effective_at
    assert undoable.effective_at - undoable.settled_at == timedelta(seconds=600)
    pass_time(undoable, seconds=595)
    assert look() == 0
    clock.turn_clock(request_id=undoable.id)
    undoable.refresh_from_db()
    assert undoable.state == State.ALLOWED, "a task started too early finds nothing to do"
    pass_time(undoable, seconds=5)
    assert look() == 1
    clock.turn_clock(request_id=undoable.id)
    undoable.refresh_from_db()
    assert (undoable.state, undoable.outcome) == ("effective", Outcome.ALLOWED)
    assert said(undoable, "effective") == 1
    assert undoable.next_at is None


def test_what_was_undone_does_not_take_effect(undoable, reviewer):
    vote(undoable, reviewer)
    undo_decision(request_id=undoable.id, actor=reviewer, via=Via.API)
    pass_time(undoable, minutes=11)
    assert look() == 0
    undoable.refresh_from_db()
    assert undoable.state == State.PENDING
    assert undoable.next_at == undoable.due_at
    pass_time(undoable, days=2)
    look()
    undoable.refresh_from_db()
    assert undoable.state == State.EXPIRED


def test_a_stage_that_is_closed_again_begins_its_time_anew(
    loaves, workspace, owner, baker, reviewer, admin
):
    later = "name: bake, roles: [admin], due: 1h, escalation: [{after: 2h, to: [owner]}]"
    member(workspace, Role.REVIEWER)
    hold(workspace, owner, policy_of("name: review, roles: [reviewer]", later))
    request = ask(workspace, baker)
    vote(request, reviewer)
    pass_time(request, hours=3)
    look()
    workspace.memberships.filter(user=reviewer).delete()
    look_at_all(workspace)
    request.refresh_from_db()
    bake = Stage.objects.get(request=request, name="bake")
    assert (bake.state, bake.climbed, bake.told_overdue) == ("waiting", 0, False)
    assert (bake.due_at, bake.expires_at) == (None, None)
    vote(request, member(workspace, Role.REVIEWER))
    pass_time(request, hours=3)
    look()
    assert recorded(request).count("request.escalated") == 2
    assert recorded(request).count("request.overdue") == 2


def test_claiming_moves_the_next_look_ahead_and_giving_back_undoes_that(timed):
    pass_time(timed, hours=4)
    [start] = clock.claim(10)
    assert (start.task, start.id) == (clock.TASK, str(timed.id))
    assert clock.claim(10) == []
    timed.refresh_from_db()
    assert timed.next_at is not None
    assert timed.next_at > timezone.now()
    clock.give_back([start])
    assert clock.claim(10) == [start]


def test_giving_back_starts_nothing_that_was_settled_meanwhile(timed, reviewer):
    pass_time(timed, hours=4)
    started = clock.claim(10)
    vote(timed, reviewer)
    clock.give_back(started)
    assert clock.claim(10) == []


def test_while_the_kill_switch_is_on_time_stands_still(timed, workspace, owner):
    switch = KillSwitch.objects.create(
        workspace_id=workspace.id, reason="drill", pulled_by=owner.id
    )
    pass_time(timed, days=3)
    assert look() == 0
    timed.refresh_from_db()
    assert timed.state == State.PENDING
    switch.delete()
    assert look() == 1
    timed.refresh_from_db()
    assert timed.state == State.EXPIRED


def test_what_somebody_holds_is_not_claimed_twice_and_what_is_gone_is_no_error(timed):
    pass_time(timed, hours=4)
    look()
    ApprovalRequest.objects.filter(id=timed.id).update(next_at=None)
    assert look() == 0
    clock.turn_clock(request_id=timed.subject_id)
