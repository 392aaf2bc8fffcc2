"""What somebody was shown, and where, and whom it is to be brought to."""

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.approvals.choices import Via
from apps.approvals.models.people import Card
from apps.approvals.services import cards
from apps.approvals.services.cards import deal_cards_of, note_shown, seen_digest
from tests.approvals.loaves import ask


def test_what_was_shown_last_in_a_channel_is_known(request_, reviewer, other_reviewer):
    assert seen_digest(request_, Via.API, reviewer.id) is None
    request_.view_digest = "a" * 64
    note_shown([request_], Via.API, reviewer.id)
    request_.view_digest = "b" * 64
    note_shown([request_], Via.API, reviewer.id)
    assert seen_digest(request_, Via.API, reviewer.id) == "b" * 64
    assert seen_digest(request_, Via.SOCKET, reviewer.id) is None
    assert seen_digest(request_, Via.API, other_reviewer.id) is None
    card = Card.objects.get()
    assert card.due_at is None, "who looks is not sent anything"
    assert card.shown_state == request_.state


@pytest.fixture
def readers(reviewer, other_reviewer):
    for one in (reviewer, other_reviewer):
        EmailAddress.objects.create(user=one, email=one.email, verified=True, primary=True)


@pytest.mark.usefixtures("readers")
def test_cards_of_many_requests_take_as_many_queries_as_of_one(request_, workspace, baker):
    def queries():
        Card.objects.all().delete()
        with CaptureQueriesContext(connection) as found:
            deal_cards_of(workspace=workspace.id)
        return len(found)

    before = queries()
    asked = [request_, *(ask(workspace, baker) for _ in range(5))]
    assert queries() == before
    assert Card.objects.count() == 2 * len(asked)


@pytest.mark.usefixtures("readers")
def test_cards_are_dealt_some_at_a_time_until_all_are(request_, workspace, baker, monkeypatch):
    monkeypatch.setattr(cards, "DEALT_AT_ONCE", 2)
    asked = [request_, *(ask(workspace, baker) for _ in range(4))]
    deal_cards_of(workspace=workspace.id)
    assert set(Card.objects.values_list("request", flat=True)) == {one.id for one in asked}
    assert Card.objects.count() == 2 * len(asked)
