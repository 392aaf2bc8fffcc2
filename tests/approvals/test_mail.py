"""Mails that ask, and tell what came of it: through a mail server on a real socket."""

import re

import pytest

from apps.accounts.choices import Role
from apps.accounts.services.members import remove_member
from apps.approvals.choices import MailMode, State, Via
from apps.approvals.models.people import Attention, Card
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.voting import undo_decision
from tests.approvals.deciding import TWO, policy_of, vote
from tests.approvals.deliveries import deliver, look, pass_time, post
from tests.approvals.post_office import page_of, text_of
from tests.approvals.readers import asked, due_now, office, proved, reader, request_
from tests.factories import member

__all__ = ["office", "reader", "request_"]


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
