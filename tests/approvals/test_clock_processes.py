"""Time and mail with a real relay, a real worker and a real mail server."""

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from apps.accounts.choices import Role
from apps.activity.selectors.backlog import consuming_workers
from apps.approvals.choices import State, Via
from apps.approvals.models.people import Card
from apps.approvals.services.voting import undo_decision
from apps.ledger.models import Event
from tests.activity.bells import answered, ring
from tests.approvals.deciding import policy_of
from tests.approvals.post_office import open_office
from tests.approvals.test_clock_races import Bakery
from tests.factories import member
from tests.waiting import eventually

UNDOABLE = policy_of(
    "name: review, roles: [reviewer]", more="undo: {seconds: 4, up_to: critical}\n"
)


def is_in(request, state):
    request.refresh_from_db()
    return request.state == state


@pytest.mark.long
def test_it_takes_effect_when_it_can_not_be_undone_any_more(machine):
    bakery = Bakery(UNDOABLE)
    machine.worker()
    machine.relay()
    eventually(consuming_workers)
    undone, kept = bakery.ask(), bakery.ask()
    bakery.decide(undone)
    bakery.decide(kept)
    undo_decision(request_id=undone.id, actor=bakery.reviewer, via=Via.API)
    kept.refresh_from_db()
    assert kept.state == State.ALLOWED
    eventually(lambda: is_in(kept, State.EFFECTIVE))
    effective = Event.objects.get(type="approvals.request.effective")
    assert effective.payload["request"] == str(kept.id)
    assert kept.effective_at is not None
    late = effective.at - kept.effective_at
    assert 0 <= late.total_seconds() < 30
    assert is_in(undone, State.PENDING)


@pytest.mark.long
def test_a_mail_server_that_hangs_delays_nobody_but_the_mails(machine, settings):
    settings.SUBSCRIPTIONS = {
        **settings.SUBSCRIPTIONS,
        "tests.tower.bell_rung": ["tests.answer_bell"],
    }
    bakery = Bakery(UNDOABLE)
    readers = [member(bakery.workspace, Role.REVIEWER) for _ in range(5)]
    for reader in readers:
        EmailAddress.objects.create(user=reader, email=reader.email, verified=True, primary=True)
    with open_office() as office:
        office.does = "hang"
        machine.worker(
            children=2, EMAIL_URL=f"smtp://127.0.0.1:{office.port}", WEBHOOKS_AT_ONCE="1"
        )
        machine.relay()
        asked = bakery.ask()
        eventually(lambda: office.callers, what="a mail hangs")

        began = timezone.now()
        bells = ring(bakery.workspace.id, times=20)
        other = bakery.ask()
        bakery.decide(other)
        eventually(lambda: len(answered()) == len(bells))
        eventually(lambda: is_in(other, State.EFFECTIVE))
        assert office.mails == []
        assert Card.objects.filter(sending_until__gt=began).count() <= 1, "one at a time"

        office.does = "take"
        office.ended.set()  # who hangs is let go
        cards = Card.objects.filter(request=asked)

        def all_sent():
            cards.filter(shown_at=None, sending_until=None).update(due_at=timezone.now())
            return not cards.filter(shown_at=None).exists()

        eventually(all_sent)
        first = {mail["To"] for mail in office.mails}
        assert first == {reader.email for reader in readers}
        assert len({mail["Message-ID"] for mail in office.mails}) == len(readers)
