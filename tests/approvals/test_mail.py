"""Mails that ask, remind, and tell what came of it: through a mail server on a real socket."""

import re
from datetime import time, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.services.members import remove_member
from apps.approvals.choices import MailMode, State, Via
from apps.approvals.models.people import Attention, Card, Snooze
from apps.approvals.ports import Delivered
from apps.approvals.services import sending
from apps.approvals.services.absences import set_absence
from apps.approvals.services.cards import deal_cards
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.voting import undo_decision
from apps.ledger.deliveries import MAX_ATTEMPTS
from apps.ledger.models import KillSwitch
from tests.approvals.conftest import TWO, hold, policy_of, vote
from tests.approvals.deliveries import deliver, look, pass_time, post
from tests.approvals.loaves import ask
from tests.approvals.post_office import open_office, page_of, text_of
from tests.factories import member

TIMED = policy_of("name: review, roles: [reviewer], due: 4h, expires: 8d")


@pytest.fixture
def office(settings):
    with open_office() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
        settings.EMAIL_TIMEOUT = 1
        settings.WEBHOOKS_AT_ONCE = 1
        yield office


def proved(person, **attention):
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    if attention:
        Attention.objects.create(person=person, **attention)
    return person


@pytest.fixture
def reader(reviewer):
    return proved(reviewer)


def asked(workspace, owner, baker, policy=TIMED):
    hold(workspace, owner, policy)
    request = ask(workspace, baker)
    deliver()
    return request


@pytest.fixture
def request_(loaves, office, workspace, owner, baker, reader):
    return asked(workspace, owner, baker)


def due_now(request, **by):
    """As if so much time had passed, also for what is to be sent."""
    pass_time(request, **by)
    for card in Card.objects.filter(request=request, due_at__isnull=False):
        card.due_at -= timedelta(**by)
        card.save()


def test_a_mail_asks_each_who_may_decide(request_, office, reader, owner, admin):
    post()
    [mail] = office.mails
    assert mail["To"] == reader.email
    assert mail["Subject"] == f"Waiting for you: Loaf, {request_.risk_level} risk (Orchard)"
    assert mail["Auto-Submitted"] == "auto-generated"
    for said in (text_of(mail), page_of(mail)):
        assert "Somebody bakes docs/a.md, docs/b.md" in said
        assert "It expires" in said
        assert "/approvals/open/" in said
    assert not re.search(r"<(img|link|script)|src=|url\(", page_of(mail))
    assert "docs" not in mail["Subject"]
    assert post() == 0


def test_nobody_is_written_to_at_an_address_they_have_not_proved(
    loaves, office, workspace, owner, baker, reviewer
):
    asked(workspace, owner, baker)
    assert post() == 0
    assert office.callers == 0


def test_the_outcome_is_told_in_the_same_thread_but_not_to_who_decided(
    loaves, office, workspace, owner, baker, reader
):
    other = proved(member(workspace, Role.REVIEWER))
    request = asked(workspace, owner, baker)
    post()
    [first] = office.to(other)
    vote(request, reader, "reject", via=Via.CONSOLE)
    deliver()
    post()
    [_] = office.to(reader)
    told = office.to(other)[1]
    assert told["In-Reply-To"] == told["References"] == first["Message-ID"]
    assert told["Message-ID"] != first["Message-ID"]
    assert told["Subject"] == f"Re: {first['Subject']}"
    assert f"denied by {reader.name} (Console)" in " ".join(text_of(told).split())
    card = Card.objects.get(person_id=other.id)
    assert (card.shown_state, card.due_at) == (State.DENIED, None)
    deliver()
    assert post() == 0


def test_expired_is_told_as_expired(request_, office, reader):
    post()
    due_now(request_, days=9)
    look()
    deliver()
    post()
    assert "Nobody denied it" in text_of(office.to(reader)[-1])


def test_what_may_still_be_taken_back_is_told_to_nobody(
    loaves, office, workspace, owner, baker, reader
):
    other = proved(member(workspace, Role.REVIEWER))
    undo = "undo: {seconds: 600, up_to: critical}\n"
    policy = policy_of("name: review, roles: [reviewer]", more=undo)
    request = asked(workspace, owner, baker, policy)
    post()
    vote(request, reader)
    deliver()
    assert post() == 0
    undo_decision(request_id=request.id, actor=reader, via=Via.API)
    deliver()
    assert post() == 0
    vote(request, other, change=True)
    pass_time(request, minutes=11)
    look()
    deliver()
    post()
    assert "approved by" in text_of(office.to(reader)[-1])


def test_a_moved_view_is_shown_anew_also_to_who_had_voted(
    loaves, office, workspace, owner, baker, reader
):
    other = proved(member(workspace, Role.REVIEWER))
    request = asked(workspace, owner, baker, TWO)
    post()
    vote(request, reader)
    vote(request, other, edits={"spread": "jam"})
    deliver()
    post()
    changed = office.to(reader)[-1]
    assert "This has changed" in text_of(changed)
    assert len(office.to(other)) == 1, "who changed it has voted on what it is now"
    assert Card.objects.get(person_id=reader.id).view_digest == request.view_digest


def test_what_was_over_before_it_was_sent_is_not_sent(request_, office, baker):
    withdraw_request(request_id=request_.id, actor=baker)
    deliver()
    post()
    assert office.mails == []
    assert Card.objects.get().due_at is None


@pytest.mark.parametrize("why", ["removed", "voted", "off"])
def test_it_is_decided_at_the_last_moment_who_is_written_to(
    why, loaves, office, workspace, owner, baker, reader
):
    proved_other = member(workspace, Role.REVIEWER)
    request = asked(workspace, owner, baker, TWO)
    match why:
        case "removed":
            remove_member(workspace_id=workspace.id, user_id=reader.id, actor=owner)
        case "voted":
            vote(request, reader)
        case "off":
            Attention.objects.create(person=reader, mail=MailMode.OFF)
    post()
    assert office.mails == []
    assert proved_other.is_active


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


def test_a_digest_is_one_mail_a_day_with_all_that_waits(
    loaves, office, workspace, owner, baker, reviewer
):
    proved(reviewer, mail=MailMode.DIGEST, digest_at=time(9), digest_due_at=timezone.now())
    hold(workspace, owner, TIMED)
    for number in range(3):
        ask(workspace, baker, slices=(f"docs/{number}.md",))
    deliver()
    post()
    [mail] = office.mails
    assert mail["Subject"] == "3 waiting for you"
    for number in range(3):
        assert f"Somebody bakes docs/{number}.md" in text_of(mail)
    due = Attention.objects.get().digest_due_at
    assert due is not None
    assert due > timezone.now()
    Attention.objects.update(digest_due_at=timezone.now())
    post()
    assert len(office.mails) == 1, "one a day"


def test_no_digest_says_that_nothing_waits(office, workspace, reviewer):
    proved(reviewer, mail=MailMode.DIGEST, digest_due_at=timezone.now())
    post()
    assert office.mails == []


def test_a_digest_that_was_refused_is_tried_again(
    loaves, office, workspace, owner, baker, reviewer
):
    proved(reviewer, mail=MailMode.DIGEST, digest_due_at=timezone.now())
    asked(workspace, owner, baker)
    office.does = "refuse"
    post()
    attention = Attention.objects.get()
    assert (attention.digest_sent_on, attention.sending_until) == (None, None)
    office.does = "take"
    Attention.objects.update(digest_due_at=timezone.now())
    post()
    assert len(office.mails) == 1


# --- a mail server that does not


@pytest.mark.parametrize("does", ["refuse", "hang"])
def test_what_could_not_be_sent_is_sent_later(does, request_, office, reader):
    office.does = does
    post()
    card = Card.objects.get()
    assert card.attempts == 1
    assert card.last_error
    assert reader.email not in card.last_error
    assert card.sending_until is None
    assert card.due_at is not None
    assert timezone.now() < card.due_at < timezone.now() + timedelta(seconds=11)
    office.does = "take"
    Card.objects.update(due_at=timezone.now())
    post()
    card.refresh_from_db()
    assert (len(office.mails), card.attempts, card.last_error) == (1, 0, "")


def test_what_fails_for_days_is_parked_and_news_begins_anew(request_, office, baker):
    office.does = "refuse"
    Card.objects.update(attempts=MAX_ATTEMPTS - 1, shown_at=timezone.now(), shown_state="pending")
    card = Card.objects.get()
    card.view_digest = "0" * 64
    card.save()
    post()
    card.refresh_from_db()
    assert card.parked_at is not None
    Card.objects.update(due_at=timezone.now())
    assert post() == 0
    withdraw_request(request_id=request_.id, actor=baker)
    deliver()
    office.does = "take"
    post()
    assert "not asked any more" in text_of(office.mails[0])


def test_what_is_sent_twice_carries_the_same_message_id(request_, office):
    office.does = "die"
    post()
    office.does = "take"
    Card.objects.update(due_at=timezone.now())
    post()
    first, second = office.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@127.0.0.1>")


def test_a_card_that_is_being_sent_is_not_sent_beside(request_, office):
    Card.objects.update(sending_until=timezone.now() + timedelta(seconds=30))
    assert sending.claim(10) == []
    sending.send_card(card_id=Card.objects.get().id)
    assert office.mails == []


def test_while_as_many_are_sent_as_may_be_others_wait_and_lose_no_attempt(
    loaves, office, workspace, owner, baker, reader
):
    proved(member(workspace, Role.REVIEWER))
    asked(workspace, owner, baker)
    first, second = Card.objects.order_by("id")
    Card.objects.filter(id=first.id).update(sending_until=timezone.now() + timedelta(seconds=30))
    sending.send_card(card_id=second.id)
    second.refresh_from_db()
    assert (second.attempts, office.mails) == (0, [])
    assert second.due_at is not None
    assert second.due_at <= timezone.now() + sending.ASK_AGAIN


def test_nothing_is_sent_while_the_kill_switch_is_on(request_, office, workspace, owner):
    [start] = sending.claim(10)
    switch = KillSwitch.objects.create(
        workspace_id=workspace.id, reason="drill", pulled_by=owner.id
    )
    sending.send_card(card_id=Card.objects.get().id)
    assert start.id == str(Card.objects.get().id)
    assert (post(), office.callers) == (0, 0)
    switch.delete()
    post()
    assert len(office.mails) == 1


def test_dealing_again_deals_nothing_more(request_, office):
    for _ in range(3):
        deal_cards(request_id=request_.id)
    assert Card.objects.count() == 1
    post()
    deal_cards(request_id=request_.id)
    assert post() == 0


def test_what_it_moved_to_while_it_was_sent_is_sent_after(request_, office, reader, baker):
    card = Card.objects.select_related("request", "workspace").get()
    wish = sending.wish_of(card)
    assert wish.told is not None
    withdraw_request(request_id=request_.id, actor=baker)
    deliver()
    sending._note_sent(card, wish.told, Delivered(reference="<a@b>"))
    card.refresh_from_db()
    assert card.due_at is not None
    post()
    assert "not asked any more" in text_of(office.mails[0])
