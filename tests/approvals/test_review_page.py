"""A request's page: what it says of deciding, what its buttons do, and what a script is told."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.choices import State
from apps.approvals.models.people import Snooze
from apps.approvals.models.requests import ApprovalRequest, Vote
from tests.approvals.deciding import STEPS, hold, vote
from tests.approvals.loaves import ask
from tests.approvals.test_admin import at, page, press, shown
from tests.factories import WorkspaceFactory, member

SCRIPT = {"Accept": "application/json"}


def now(user, request):
    return at(user).get(reverse("admin:review_now", args=[request.id]))


def test_it_says_what_approving_leads_to(loaves, workspace, owner, baker, reviewer, admin):
    hold(workspace, owner, STEPS)
    read = at(reviewer).get(page(ask(workspace, baker))).content.decode()
    assert "It will create docs/a.md and create docs/b.md once 1 of admins" in read
    assert "0 of 1 approvals in “review”" in read


def test_a_script_is_told_what_came_of_it(request_, reviewer):
    address = reverse("admin:review_decide", args=[request_.id])
    given = {"decision": "reject", "digest": request_.view_digest}
    refused = at(reviewer).post(address, given, headers=SCRIPT)
    assert (refused.status_code, refused.json()["code"]) == (422, "approval_reason_missing")
    assert not Vote.objects.exists()
    told = at(reviewer).post(address, {**given, "text": "Stale."}, headers=SCRIPT).json()
    assert told == {"said": "You rejected it. It is denied now.", "undo_until": None}


def test_edits_change_what_is_approved_and_none_is_refused(request_, reviewer):
    digest = request_.view_digest
    given = {"decision": "approve_edited", "digest": digest}
    assert press(reviewer, request_, "decide", **given).status_code == 422
    assert request_.view_digest == digest


def test_only_what_is_chosen_is_approved(request_, reviewer):
    given = {"decision": "approve_some", "digest": request_.view_digest}
    assert press(reviewer, request_, "decide", **given).status_code == 422
    assert request_.state == State.PENDING
    press(reviewer, request_, "decide", **given, operations=["1"])
    assert request_.state == State.EFFECTIVE
    rest = ApprovalRequest.objects.get(part_of=request_)
    assert reverse("admin:review_request", args=[rest.id]) in shown(reviewer, request_)


def test_what_is_critical_is_approved_by_typing_what_it_is_about(request_, reviewer):
    ApprovalRequest.objects.update(risk_level="critical")
    given = {"decision": "approve", "digest": request_.view_digest}
    for typed in ("", "docs/b.md"):
        assert press(reviewer, request_, "decide", **given, key=typed).status_code == 422
    assert request_.state == State.PENDING
    press(reviewer, request_, "decide", **given, key="docs/a.md")
    assert request_.state == State.EFFECTIVE


@pytest.mark.parametrize("until", ["tomorrow", "week", "date"])
def test_it_is_put_off_until_the_morning_of_a_day(request_, reviewer, until):
    day = timezone.now().date() + timedelta(days=3)
    press(reviewer, request_, "snooze", until=until, date=day.isoformat())
    put_off = Snooze.objects.get(request=request_, person_id=reviewer.id).until
    assert (put_off.hour, put_off.minute) == (8, 0)
    assert timezone.now() < put_off < timezone.now() + timedelta(days=8)


def test_a_seat_is_handed_over_and_others_are_given_one(
    loaves, workspace, owner, baker, reviewer, admin
):
    hold(workspace, owner, STEPS.replace("roles: [reviewer]", f"people: [{reviewer.id}]"))
    request = ask(workspace, baker)
    other, third = member(workspace, Role.REVIEWER), member(workspace, Role.REVIEWER)
    press(reviewer, request, "hand_over", to=str(other.id))
    assert "Approve</button>" not in shown(reviewer, request)
    assert "Approve</button>" in shown(other, request)
    press(admin, request, "give_seat", to=str(third.id))
    assert "Approve</button>" in shown(third, request)


def test_what_has_changed_is_shown_beside_what_was_seen(request_, reviewer, other_reviewer):
    browser = at(reviewer)
    seen = browser.get(page(request_)).context["bar"]["saw"]
    vote(request_, other_reviewer, edits={"spread": "jam"})
    answer = browser.post(
        reverse("admin:review_look_again", args=[request_.id]), {"saw": seen, "text": "Hm."}
    )
    read = answer.content.decode()
    assert "Changed since you looked" in read
    assert "create docs/a.md" in read
    assert ">Hm.</textarea>" in read


@pytest.mark.parametrize("saw", ["", "{", "[]", '{"content": 1}', '{"operations": {"a": []}}'])
def test_what_nobody_gave_out_is_not_shown_as_seen(request_, reviewer, saw):
    address = reverse("admin:review_look_again", args=[request_.id])
    answer = at(reviewer).post(address, {"saw": saw})
    assert answer.status_code == 200
    assert "Changed since you looked" not in answer.content.decode()


def test_what_may_change_is_read_by_itself(request_, reviewer, other_reviewer):
    vote(request_, other_reviewer, "veto", comment="No.")
    read = now(reviewer, request_).content.decode()
    assert f"Denied by {other_reviewer.name} through the API" in read
    assert "Bread is good." not in read


def test_strangers_read_and_do_nothing(request_):
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    assert now(stranger, request_).status_code == 404
    for button in ("look_again", "snooze", "hand_over", "give_seat"):
        assert press(stranger, request_, button, until="week").status_code == 404


@pytest.mark.parametrize("count", [1, 12])
def test_a_page_asks_as_much_for_many_operations(
    loaves, one_policy, workspace, baker, reviewer, count, django_assert_num_queries
):
    request = ask(workspace, baker, slices=[f"docs/{number}.md" for number in range(count)])
    browser = at(reviewer)
    browser.get(page(request))
    with django_assert_num_queries(QUERIES):
        assert browser.get(page(request)).status_code == 200


QUERIES = 36
