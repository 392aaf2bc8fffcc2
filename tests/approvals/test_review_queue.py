"""The queue in the console: its views, what a row says, and what it costs."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Role
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.asked import read_asked
from apps.approvals.selectors.listing import Listing
from apps.approvals.selectors.queue import waiting_anywhere
from apps.approvals.services.seats import claim_request
from tests.approvals.deciding import ONE, hold, vote
from tests.approvals.loaves import ask
from tests.approvals.test_admin import at
from tests.factories import MembershipFactory, WorkspaceFactory, agent_of, member

QUEUE = reverse("admin:review_queue")
CHANGES = reverse("admin:review_changes")


def listed(user, query=""):
    """The ids of the rows, in their order."""
    read = at(user).get(QUEUE + query).content.decode()
    return re.findall(r'data-row="([\w-]+)"', read)


def ids(*requests):
    return [str(request.id) for request in requests]


@pytest.fixture
def several(loaves, one_policy, workspace, baker, reviewer, other_reviewer):
    """Three: the second is due first, the third is the riskiest."""
    found = [ask(workspace, baker, slices=[f"docs/{number}.md"]) for number in range(3)]
    for number, (hours, risk, level) in enumerate(
        [(30, 10, "low"), (2, 40, "medium"), (None, 90, "critical")]
    ):
        due_at = timezone.now() + timedelta(hours=hours) if hours else None
        ApprovalRequest.objects.filter(id=found[number].id).update(
            due_at=due_at, risk_score=risk, risk_level=level
        )
    return list(ApprovalRequest.objects.order_by("id"))


def test_a_row_says_what_would_change_who_asks_and_how_far_it_is(request_, baker, reviewer):
    claim_request(request_id=request_.id, actor=reviewer)
    read = at(reviewer).get(QUEUE).content.decode()
    for text in ("Somebody bakes docs/a.md, docs/b.md", baker.name, "agent", "review", "0/1"):
        assert text in read
    assert "You have it" in read


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", (1, 0, 2)),
        ("?order=risk", (2, 1, 0)),
        ("?order=age", (0, 1, 2)),
        ("?view=open&order=age", (0, 1, 2)),
        ("?view=soon", (1,)),
        ("?view=risky", (2,)),
        ("?view=mine", ()),
        ("?view=decided", ()),
        ("?risk=low", (0,)),
        ("?kind=loaf&order=age", (0, 1, 2)),
        ("?kind=plan", ()),
        ("?view=nonsense&order=up&workspace=x&risk=huge", (1, 0, 2)),
    ],
)
def test_views_filters_and_orders_stand_in_the_address(several, reviewer, query, places):
    assert listed(reviewer, query) == ids(*(several[place] for place in places))


def test_mine_are_those_of_me_and_of_my_agents(several, owner, reviewer):
    assert listed(owner) == []
    assert len(listed(owner, "?view=mine")) == 3
    vote(several[0], reviewer, "request_changes", comment="Less salt.")
    assert ids(several[0])[0] in listed(owner, "?view=mine")
    assert listed(owner, "?view=decided") == ids(several[0])


def test_what_was_decided_names_who_and_where(several, reviewer, other_reviewer):
    vote(several[0], other_reviewer, "reject", via="telegram")
    assert listed(reviewer) == ids(several[1], several[2])
    read = at(reviewer).get(f"{QUEUE}?view=decided").content.decode()
    assert f"Denied by {other_reviewer.name}, Telegram" in read


@pytest.mark.parametrize("order", ["due", "risk", "age"])
def test_pages_follow_one_another_without_a_gap(
    loaves, one_policy, workspace, baker, reviewer, monkeypatch, order
):
    monkeypatch.setattr("apps.approvals.pages.queue.SHOWN", 3)
    for number in range(7):
        one = ask(workspace, baker, slices=[f"docs/{number}.md"])
        due = timezone.now() + timedelta(hours=number // 2) if number % 2 else None
        ApprovalRequest.objects.filter(id=one.id).update(due_at=due, risk_score=number // 3)
    whole, query = [], f"?order={order}"
    while query:
        read = at(reviewer).get(QUEUE + query).content.decode()
        whole += re.findall(r'data-row="([\w-]+)"', read)
        later = re.search(r'rel="next" href="([^"]+)"', read)
        query = later[1].replace("&amp;", "&") if later else ""
    assert len(whole) == len(set(whole)) == 7
    monkeypatch.setattr("apps.approvals.pages.queue.SHOWN", 50)
    assert whole == listed(reviewer, f"?order={order}")


def test_several_workspaces_are_one_queue(several, reviewer):
    elsewhere = WorkspaceFactory.create()
    MembershipFactory.create(workspace=elsewhere, user=reviewer, role=Role.REVIEWER)
    boss = member(elsewhere, Role.OWNER)
    hold(elsewhere, boss, ONE)
    other = ask(elsewhere, agent_of(boss, elsewhere))
    ApprovalRequest.objects.filter(id=other.id).update(due_at=timezone.now())
    assert listed(reviewer) == ids(other, several[1], several[0], several[2])
    assert listed(reviewer, f"?workspace={elsewhere.id}") == ids(other)
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    assert listed(stranger, f"?workspace={elsewhere.id}") == []


def test_whoever_never_decides_is_shown_what_is_open_and_nothing_waits_on_them(several, workspace):
    viewer = member(workspace, Role.VIEWER)
    assert Listing(read_asked({}), viewer).rows(limit=5) == []
    assert len(Listing(read_asked({"view": "open"}), viewer).rows(limit=5)) == 3
    assert not waiting_anywhere(viewer).exists()


def test_rows_are_asked_for_anew_and_say_whether_they_still_belong(several, reviewer, baker):
    vote(several[0], reviewer)
    query = "&".join(f"row={one}" for one in ids(*several))
    read = at(reviewer).get(f"{CHANGES}?{query}").content.decode()
    inside = dict(re.findall(r'data-row="([\w-]+)"( data-inside)?', read))
    assert {one: bool(mark) for one, mark in inside.items()} == dict(
        zip(ids(*several), (False, True, True), strict=True)
    )
    assert f"Allowed by {reviewer.name}" in read
    stranger = member(WorkspaceFactory.create(), Role.OWNER)
    assert "data-row" not in at(stranger).get(f"{CHANGES}?{query}").content.decode()


def test_the_next_one_is_below_or_else_the_first(several, reviewer):
    listing = Listing(read_asked({}), reviewer)
    assert listing.next_after(several[1]) == several[0]
    assert listing.next_after(several[2]) == several[1]
    vote(several[1], reviewer)
    vote(several[2], reviewer)
    assert listing.next_after(several[1]) == several[0]
    assert listing.next_after(several[0]) is None


@pytest.mark.parametrize("query", ["", "?view=mine", "?view=decided", "?view=soon", "?risk=high"])
def test_an_empty_view_says_what_would_stand_there(workspace, reviewer, query):
    read = at(reviewer).get(QUEUE + query).content.decode()
    assert 'class="empty teach"' in read


@pytest.mark.parametrize(("count", "places"), [(1, 1), (12, 1), (12, 4)])
def test_the_queue_asks_as_much_for_many_as_for_one(
    loaves, one_policy, workspace, baker, owner, reviewer, count, places, django_assert_num_queries
):
    askers = [(workspace, baker)]
    for _ in range(places - 1):
        place = WorkspaceFactory.create()
        boss = member(place, Role.OWNER)
        hold(place, boss, ONE)
        MembershipFactory.create(workspace=place, user=reviewer, role=Role.REVIEWER)
        askers.append((place, agent_of(boss, place)))
    for number in range(count):
        place, asker = askers[number % places]
        ask(place, asker, slices=[f"docs/{number}.md"])
    browser = at(reviewer)
    browser.get(QUEUE)
    with django_assert_num_queries(QUERIES_OF_THE_QUEUE):
        read = browser.get(QUEUE).content.decode()
    assert read.count("data-row=") == count


QUERIES_OF_THE_QUEUE = 22


@pytest.mark.parametrize(
    "place",
    ["", "~", "soon", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9" * 5_000],
)
def test_a_place_that_nobody_gave_out_leads_to_the_beginning(several, reviewer, place):
    after = quote(f"{place}~{several[0].id}")
    for order in ("due", "risk"):
        assert listed(reviewer, f"?order={order}&after={after}") == listed(
            reviewer, f"?order={order}"
        )
