"""What happens elsewhere appears on an open page, and takes nothing from under anybody's hands."""

import re

import pytest
from playwright.sync_api import expect

from apps.approvals.choices import Via
from apps.approvals.models.requests import Vote
from apps.approvals.services.weighing import look_soon
from tests.approvals.deciding import TWO, hold, vote

pytestmark = pytest.mark.e2e
WRITTEN = "I had begun to say why"


def bar(page):
    return page.get_by_role("region", name="Your decision")


def test_a_decision_made_elsewhere_names_who_and_where(propose, review, bo, cy):
    request = propose("docs/a.md")
    page = review(bo, request)
    page.get_by_label("Reason or comment").fill(WRITTEN)
    vote(request, cy, "veto", comment="No.", via=Via.TELEGRAM)
    expect(bar(page)).to_contain_text("Denied by Cy Marsh in Telegram")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    expect(bar(page)).to_contain_text(WRITTEN)


def test_votes_claims_and_who_looks_too_appear(propose, review, bo, cy, workspace, owner):
    hold(workspace, owner, TWO)
    request = propose("docs/a.md")
    page, other = review(bo, request), review(cy, request)
    expect(page.get_by_text("Cy Marsh is looking at it too.")).to_be_visible()
    other.get_by_role("button", name="Take it on").click()
    expect(bar(page)).to_contain_text("Cy Marsh has taken it on, until")
    expect(bar(page)).to_contain_text("once 1 more of reviewers approve")
    page.get_by_label("Reason or comment").fill(WRITTEN)
    vote(request, cy)
    expect(bar(page)).to_contain_text("1 of 2 approvals")
    expect(page.get_by_label("Reason or comment")).to_have_value(WRITTEN)
    other.goto("/admin/")
    expect(page.get_by_text("Cy Marsh is looking at it too.")).to_be_hidden()


def test_what_moved_is_shown_beside_what_was_seen(propose, review, bo, cy):
    request = propose("docs/a.md")
    page = review(bo, request)
    page.get_by_label("Reason or comment").fill(WRITTEN)
    vote(request, cy, edits={"changes": [{"path": "docs/a.md", "action": "create", "new": "!\n"}]})
    expect(bar(page)).to_contain_text("It has changed since you looked.")
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_disabled()
    page.get_by_label("Reason or comment").press("Control+Enter")
    page.get_by_role("button", name="Show what changed").click()
    moved = page.get_by_role("alert").filter(has_text="Changed since you looked")
    expect(moved).to_contain_text("changed create docs/a.md")
    expect(page.get_by_label("Reason or comment")).to_have_value(WRITTEN)
    assert not Vote.objects.filter(voter_id=bo.id).exists()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(bar(page)).to_contain_text("Approved by Bo Lindqvist in the console")


def test_a_vote_on_what_moved_unseen_is_answered_with_what_changed(
    propose, review, bo, workspace, owner, faults
):
    request = propose("docs/a.md")
    page = review(bo, request)
    page.route("**/now/*", lambda route: route.abort())
    hold(workspace, owner, TWO)
    look_soon(workspace=workspace.id)
    page.get_by_role("button", name="Approve", exact=True).click()
    moved = page.get_by_role("alert").filter(has_text="Changed since you looked")
    expect(moved).to_contain_text("Before: review: 1 of reviewer. Now: review: 2 of reviewer.")
    assert not Vote.objects.exists()
    faults[:] = [each for each in faults if "ERR_FAILED" not in each]


def test_a_restart_takes_nothing_that_was_written(propose, review, bo, cy, restartable, faults):
    request = propose("docs/a.md")
    page = review(bo, request)
    page.get_by_label("Reason or comment").fill(WRITTEN)
    restartable.kill()
    expect(bar(page)).to_contain_text("Reconnecting…")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(bar(page)).to_contain_text("The server cannot be reached: nothing was decided")
    vote(request, cy)
    restartable.start()
    expect(bar(page)).to_contain_text("Approved by Cy Marsh through the API")
    expect(page.get_by_label("Reason or comment")).to_have_value(WRITTEN)
    faults[:] = [each for each in faults if not re.search("ERR_CONNECTION|WebSocket", each)]
