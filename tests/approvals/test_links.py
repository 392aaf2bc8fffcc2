"""Links of mails: they lead whom they were sent to where one decides, and decide nothing."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.services.members import remove_member
from apps.approvals.choices import State
from apps.approvals.links import GOOD_FOR, link_to, read_link
from apps.approvals.models.requests import Vote
from apps.ledger.models import Event

BROWSER = {"Accept": "text/html"}


def path_for(request, person, **more):
    link = link_to(request=request.id, person=person.id, **{"expires_at": None, **more})
    return "/approvals/open/" + link.partition("/approvals/open/")[2]


def test_it_leads_who_is_logged_in_to_the_request_and_decides_nothing(client, request_, reviewer):
    client.force_login(reviewer)
    events = Event.objects.count()
    followed = client.get(path_for(request_, reviewer))
    assert followed.status_code == 302
    assert followed["Location"] == f"/admin/review/{request_.id}/"
    request_.refresh_from_db()
    assert request_.state == State.PENDING
    assert not Vote.objects.exists()
    assert Event.objects.count() == events


def test_who_is_not_logged_in_logs_in_first_and_comes_back(client, request_, reviewer):
    path = path_for(request_, reviewer)
    asked = client.get(path)
    assert asked.status_code == 302
    assert asked["Location"] == f"/accounts/login/?next={path.replace(':', '%3A')}"
    head = client.head(path)
    assert head.status_code == 302


def test_somebody_else_is_told_so(client, request_, reviewer, other_reviewer):
    client.force_login(other_reviewer)
    told = client.get(path_for(request_, reviewer), headers=BROWSER)
    assert told.status_code == 403
    page = told.content.decode()
    assert "sent to somebody else" in page
    assert other_reviewer.name in page
    assert str(request_.id) not in page
    assert reviewer.email not in page


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_but_looking_is_possible(method, client, request_, reviewer):
    client.force_login(reviewer)
    assert getattr(client, method)(path_for(request_, reviewer)).status_code == 405


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "x" + t, lambda t: "a:b:c"])
def test_a_forged_link_is_none(spoil, client, request_, reviewer):
    client.force_login(reviewer)
    token = path_for(request_, reviewer).rpartition("/")[2]
    assert client.get(f"/approvals/open/{spoil(token)}").status_code == 404


def test_it_ends_with_the_request_or_after_thirty_days(client, request_, reviewer):
    client.force_login(reviewer)
    gone = timezone.now() - timedelta(seconds=1)
    over = client.get(path_for(request_, reviewer, expires_at=gone), headers=BROWSER)
    assert over.status_code == 404
    assert "This link is over" in over.content.decode()
    far = path_for(request_, reviewer, expires_at=timezone.now() + timedelta(days=400))
    token = far.rpartition("/")[2]
    assert read_link(token) is not None
    with time_machine.travel(timezone.now() + GOOD_FOR + timedelta(minutes=1)):
        assert read_link(token) is None


def test_who_is_not_a_member_any_more_finds_nothing(client, request_, workspace, owner, reviewer):
    path = path_for(request_, reviewer)
    remove_member(workspace_id=workspace.id, user_id=reviewer.id, actor=owner)
    client.force_login(reviewer)
    assert client.get(path).status_code == 404


def test_what_it_opens_is_the_page_where_one_decides(client, request_, reviewer):
    reviewer.is_staff = True  # as reviewers are, once services made them so
    reviewer.save()
    client.force_login(reviewer)
    opened = client.get(path_for(request_, reviewer), headers=BROWSER, follow=True)
    assert opened.status_code == 200
    assert "Somebody bakes" in opened.content.decode()
