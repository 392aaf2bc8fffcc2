"""What somebody was shown, and where."""

from apps.approvals.choices import Via
from apps.approvals.models.people import Card
from apps.approvals.services.cards import note_shown, seen_digest


def test_what_was_shown_last_in_a_channel_is_known(request_, reviewer, other_reviewer):
    assert seen_digest(request_, Via.API, reviewer.id) is None
    note_shown(request_, Via.API, reviewer.id, "a" * 64)
    note_shown(request_, Via.API, reviewer.id, "b" * 64)
    assert seen_digest(request_, Via.API, reviewer.id) == "b" * 64
    assert seen_digest(request_, Via.SOCKET, reviewer.id) is None
    assert seen_digest(request_, Via.API, other_reviewer.id) is None
    card = Card.objects.get()
    assert card.due_at is None, "who looks is not sent anything"
    assert card.shown_state == request_.state
