"""When mails come: reminders, absences, quiet hours."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import Via
from apps.approvals.models.people import Attention, Card, Snooze
from apps.approvals.services import sending
from apps.approvals.services.absences import set_absence
from apps.approvals.services.voting import undo_decision
from tests.approvals.deciding import policy_of, vote
from tests.approvals.deliveries import deliver, post
from tests.approvals.post_office import text_of
from tests.approvals.readers import asked, due_now, office, proved, reader, request_
from tests.factories import member

__all__ = ["office", "reader", "request_"]


def test_one_is_reminded_when_it_is_due_and_before_it_expires(request_, office, reader):
    post()
    due_now(request_, hours=4)
    post()
    assert "This still waits for you" in text_of(office.mails[1])
    assert office.mails[1]["In-Reply-To"] == office.mails[0]["Message-ID"]
    assert post() == 0
    due_now(request_, days=7)
    post()
    assert len(office.mails) == 3
    assert len({mail["Message-ID"] for mail in office.mails}) == 3
    due_now(request_, hours=10)
    assert post() == 0


def test_who_was_asked_in_an_earlier_stage_hears_that_it_is_their_turn(
    loaves, office, workspace, owner, baker, reviewer
):
    admin = proved(member(workspace, Role.ADMIN))
    steps = policy_of("name: review, roles: [reviewer]", "name: sign off, roles: [admin]")
    request = asked(workspace, owner, baker, steps)
    post()
    assert len(office.to(admin)) == 1
    vote(request, reviewer)
    deliver()
    post()
    assert "This still waits for you" in text_of(office.to(admin)[1])


def test_who_is_asked_again_after_an_undo_is_reminded_again(
    loaves, office, workspace, owner, baker, reader
):
    undo = "undo: {seconds: 600, up_to: critical}\n"
    policy = policy_of("name: review, roles: [reviewer], due: 4h", more=undo)
    request = asked(workspace, owner, baker, policy)
    post()
    vote(request, reader)
    Card.objects.update(due_at=timezone.now())
    post()
    card = Card.objects.get()
    assert card.due_at is None, "it is decided for now"
    undo_decision(request_id=request.id, actor=reader, via=Via.API)
    deliver()
    card.refresh_from_db()
    request.refresh_from_db()
    assert (card.due_at, card.reminder) == (request.due_at, True)


def test_what_is_dealt_while_it_is_being_put_off_stays_due(request_, office, reader):
    card = sending._lease(Card.objects.get().id)
    assert card is not None
    Card.objects.update(due_at=timezone.now())
    sending._put_off(card, None)
    assert post() == 1
    assert len(office.mails) == 1


@pytest.mark.parametrize("why", ["voted", "snoozed", "away", "unwanted"])
def test_who_voted_put_it_off_is_away_or_wants_none_is_not_reminded(
    why, loaves, office, workspace, owner, baker, reader
):
    member(workspace, Role.REVIEWER)
    timed = policy_of("name: review, quorum: 2, roles: [reviewer], due: 4h, expires: 8d")
    request = asked(workspace, owner, baker, timed)
    post()
    later = timezone.now() + timedelta(days=2)
    match why:
        case "voted":
            vote(request, reader)
        case "snoozed":
            Snooze.objects.create(
                workspace=workspace, request=request, person_id=reader.id, until=later
            )
        case "away":
            set_absence(
                workspace_id=workspace.id,
                person=reader.id,
                begins_at=timezone.now(),
                ends_at=later,
                delegate=None,
                actor=reader,
            )
        case "unwanted":
            Attention.objects.create(person=reader, remind=False)
    due_now(request, hours=4)
    post()
    assert len(office.mails) == 1
    card = Card.objects.get(person_id=reader.id)
    assert card.due_at == (later if why in ("snoozed", "away") else None)


def test_who_stands_in_is_asked_and_who_is_away_when_they_are_back(
    loaves, office, workspace, owner, baker, reader
):
    delegate = proved(member(workspace, Role.REVIEWER))
    back = timezone.now() + timedelta(days=3)
    set_absence(
        workspace_id=workspace.id,
        person=reader.id,
        begins_at=timezone.now(),
        ends_at=back,
        delegate=delegate.id,
        actor=reader,
    )
    named = policy_of(f"name: review, people: [{reader.id}], expires: 8d")
    request = asked(workspace, owner, baker, named)
    post()
    assert office.to(reader) == []
    assert len(office.to(delegate)) == 1
    assert Card.objects.get(request=request, person_id=reader.id).due_at == back


def test_who_will_stand_in_is_asked_when_that_begins(
    loaves, office, workspace, owner, baker, reader
):
    delegate = proved(member(workspace, Role.REVIEWER))
    named = policy_of(f"name: review, people: [{reader.id}], expires: 8d")
    request = asked(workspace, owner, baker, named)
    post()
    begins = timezone.now() + timedelta(days=1)
    set_absence(
        workspace_id=workspace.id,
        person=reader.id,
        begins_at=begins,
        ends_at=begins + timedelta(days=1),
        delegate=delegate.id,
        actor=reader,
    )
    deliver()
    assert Card.objects.get(request=request, person_id=delegate.id).due_at == begins
    assert post() == 0


def test_quiet_hours_hold_a_mail_until_they_end(loaves, office, workspace, owner, baker, reader):
    now = timezone.now()
    around = {"quiet_from": (now - timedelta(hours=1)).time(), "quiet_until": None}
    around["quiet_until"] = (now + timedelta(hours=1)).time()
    Attention.objects.create(person=reader, **around)
    asked(workspace, owner, baker)
    post()
    assert office.mails == []
    held = Card.objects.get().due_at
    assert held is not None
    assert abs(held - (now + timedelta(hours=1))) < timedelta(seconds=1)
    Attention.objects.update(quiet_from=None, quiet_until=None)
    Card.objects.update(due_at=now)
    post()
    assert len(office.mails) == 1
