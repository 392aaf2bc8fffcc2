"""One mail a day, for who wants that."""

from datetime import time

from django.utils import timezone

from apps.approvals.choices import MailMode
from apps.approvals.models.people import Attention
from tests.approvals.deciding import hold
from tests.approvals.deliveries import deliver, post
from tests.approvals.loaves import ask
from tests.approvals.post_office import text_of
from tests.approvals.readers import TIMED, asked, office, proved, reader, request_

__all__ = ["office", "reader", "request_"]


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
