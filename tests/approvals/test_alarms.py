"""Breaking the glass alarms those who own and manage a workspace: over a mail server on a real
socket."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import MailMode, State, Via
from apps.approvals.errors import BreakGlassShut
from apps.approvals.models.people import AfterReview, Attention, Card
from apps.approvals.services import sending
from apps.approvals.services.emergencies import break_glass
from apps.approvals.services.weighing import consume_request
from apps.common.actors import SYSTEM
from apps.ledger.models import KillSwitch
from apps.ledger.services import unit
from tests.approvals.deciding import hold, policy_of, vote
from tests.approvals.deliveries import deliver, post
from tests.approvals.loaves import ask
from tests.approvals.post_office import page_of, text_of
from tests.approvals.readers import office, proved
from tests.factories import member

__all__ = ["office"]
GLASS = "break_glass: {enabled: true, roles: [admin], review_within: 4h}\n"


@pytest.fixture
def watchful(workspace, owner, admin):
    return [proved(owner), proved(admin)]


@pytest.fixture
def hero(workspace):
    return proved(member(workspace, Role.ADMIN))


@pytest.fixture
def burning(loaves, office, workspace, owner, baker, reviewer):
    proved(reviewer)
    hold(workspace, owner, policy_of("name: review, quorum: 1, roles: [reviewer]", more=GLASS))
    return ask(workspace, baker)


def shatter(request, actor):
    request.refresh_from_db()
    seen = request.view_digest
    review = break_glass(
        request_id=request.id, reason="Fire!", digest=seen, actor=actor, via=Via.CONSOLE
    )
    request.refresh_from_db()
    return review


def alarms(office):
    return [mail for mail in office.mails if mail["Subject"].startswith("Glass broken")]


def test_owners_and_admins_are_told_once_and_at_once(office, burning, watchful, hero, reviewer):
    member(burning.workspace, Role.ADMIN)  # whose address nobody has proved
    review = shatter(burning, hero)
    deliver()
    post()
    assert sorted(mail["To"] for mail in alarms(office)) == sorted(one.email for one in watchful)
    [mail, _] = alarms(office)
    assert mail["Subject"] == f"Glass broken: Loaf, {burning.risk_level} risk (Orchard)"
    due = AfterReview.objects.get(id=review.id).due_at
    for said in (" ".join(text_of(mail).split()), " ".join(page_of(mail).split())):
        assert f"{hero.name} broke the glass: this took effect before others decided" in said
        assert "Somebody bakes docs/a.md, docs/b.md" in said
        assert f"look at it by {due:%-d %B %Y, %H:%M} UTC" in said
        assert "/approvals/open/" in said
        assert "Fire!" not in said
    assert post() == 0
    deliver()
    assert post() == 0


@pytest.mark.parametrize("mode", MailMode)
def test_neither_quiet_hours_nor_a_mode_hold_it(office, burning, watchful, hero, mode):
    now = timezone.now()
    for person in watchful:
        Attention.objects.create(
            person=person,
            mail=mode,
            quiet_from=(now - timedelta(hours=1)).time(),
            quiet_until=(now + timedelta(hours=1)).time(),
        )
    shatter(burning, hero)
    deliver()
    post()
    assert len(office.mails) == len(alarms(office)) == 2


def test_who_was_asked_is_told_once(office, burning, watchful, hero, reviewer):
    deliver()
    post()
    asked = watchful[1]
    assert len(office.to(asked)) == 1
    shatter(burning, hero)
    deliver()
    post()
    assert len(office.to(asked)) == 2
    assert len(alarms(office)) == 2
    news = text_of(office.to(reviewer)[-1])
    assert f"{hero.name} broke the glass (Console)" in " ".join(news.split())
    with unit(actor=SYSTEM, workspace=burning.workspace_id):
        assert consume_request(request_id=burning.id).ok
    deliver()
    post()
    assert len(office.to(asked)) == 2


@pytest.mark.parametrize("does", ["refuse", "hang"])
def test_it_is_tried_again(office, burning, watchful, hero, does):
    shatter(burning, hero)
    office.does = does
    post()
    cards = Card.objects.filter(channel="alarm", person_id__in=[one.id for one in watchful])
    assert {(card.attempts, card.parked_at, bool(card.last_error)) for card in cards} == {
        (1, None, True)
    }
    office.does = "take"
    Card.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    post()
    assert len(alarms(office)) == 2
    assert not Card.objects.filter(channel="alarm", due_at__isnull=False).exists()


def test_it_is_told_also_when_it_was_vetoed_meanwhile(office, burning, watchful, hero, reviewer):
    shatter(burning, hero)
    vote(burning, reviewer, "veto", comment="There is no fire.")
    assert burning.state == State.DENIED
    deliver()
    post()
    assert len(alarms(office)) == 2
    assert "It was vetoed since." in text_of(alarms(office)[0])


def test_who_is_removed_before_it_is_sent_is_not_told(office, burning, watchful, hero, workspace):
    shatter(burning, hero)
    watchful[1].memberships.filter(workspace=workspace).delete()
    post()
    assert [mail["To"] for mail in alarms(office)] == [watchful[0].email]


def test_no_alarm_where_the_glass_holds(office, burning, watchful, reviewer):
    with pytest.raises(BreakGlassShut):
        shatter(burning, reviewer)
    vote(burning, reviewer)
    deliver()
    post()
    assert not Card.objects.filter(channel="alarm").exists()
    assert alarms(office) == []


def test_mails_that_hang_do_not_hold_it(office, burning, watchful, hero):
    deliver()
    Card.objects.update(sending_until=timezone.now() + timedelta(seconds=30))
    shatter(burning, hero)
    post()
    assert len(office.mails) == len(alarms(office)) == 2


def test_it_waits_while_all_is_stopped(office, burning, watchful, hero, workspace):
    shatter(burning, hero)
    switch = KillSwitch.objects.create(workspace_id=workspace.id, reason="drill", pulled_by=hero.id)
    for card in Card.objects.filter(channel="alarm"):
        sending.send_card(card_id=card.id)
    assert (post(), office.callers) == (0, 0)
    switch.delete()
    post()
    assert len(alarms(office)) == 2
