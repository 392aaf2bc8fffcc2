"""What is sent twice, fails, or moves on while it is sent."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.models.people import Card
from apps.approvals.ports import Delivered
from apps.approvals.services import sending
from apps.approvals.services.cards import deal_cards
from apps.approvals.services.opening import withdraw_request
from apps.ledger.deliveries import MAX_ATTEMPTS
from apps.ledger.models import KillSwitch
from tests.approvals.deliveries import deliver, post
from tests.approvals.post_office import text_of
from tests.approvals.readers import asked, office, proved, reader, request_
from tests.factories import member

__all__ = ["office", "reader", "request_"]


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
