"""A reviewer's sitting from beginning to end, with the keyboard alone: ten decisions, while a
colleague decides too, a plan changes, and the server goes away and comes back.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.models import User
from apps.approvals.choices import Decision, State, Via
from apps.approvals.models.requests import ApprovalRequest, Vote
from tests.approvals.deciding import hold, policy_of, vote
from tests.e2e.browsing import log_in
from tests.waiting import eventually

pytestmark = pytest.mark.e2e
CALM = "undo: {seconds: 600, up_to: critical}\n"
OTHER = {"changes": [{"path": "docs/6.md", "action": "create", "new": "Another text.\n"}]}


@pytest.fixture
def waiting(workspace, owner, propose) -> list[ApprovalRequest]:
    hold(workspace, owner, policy_of("name: review, roles: [reviewer]", more=CALM))
    return [propose(f"docs/{number}.md") for number in range(12)]


@pytest.fixture
def desk(open_browser, bo, waiting) -> Page:
    page: Page = open_browser()
    log_in(page, bo)
    page.goto("/admin/review/")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    shows(page, waiting[0])
    return page


def shows(page: Page, request: ApprovalRequest) -> None:
    expect(page).to_have_url(re.compile(str(request.id)))
    expect(page.locator("[data-live-now]")).to_be_attached()


def bar(page: Page):
    return page.get_by_role("region", name="Your decision")


def approve(page: Page) -> None:
    page.keyboard.press("a")
    expect(bar(page)).to_contain_text("Ready to approve.")
    page.keyboard.press("Control+Enter")


def reject(page: Page, reason: str) -> None:
    page.keyboard.press("r")
    page.keyboard.type(reason)
    page.keyboard.press("Control+Enter")


def becomes(request: ApprovalRequest, state: State) -> None:
    now = ApprovalRequest.objects.filter(id=request.id, state=state)
    eventually(now.exists, what=f"it is {state}")


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """A button, as the keyboard does."""
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def test_ten_are_decided_by_keyboard_whatever_happens_meanwhile(
    desk: Page,
    waiting: list[ApprovalRequest],
    bo: User,
    cy: User,
    restartable,
    faults: list[str],
):
    for number in (0, 1):
        approve(desk)
        shows(desk, waiting[number + 1])
    reject(desk, "It says nothing.")
    shows(desk, waiting[3])

    vote(waiting[3], cy, "veto", comment="No.", via=Via.TELEGRAM)
    expect(bar(desk)).to_contain_text("Denied by Cy Marsh in Telegram")
    desk.keyboard.press("j")
    for number in (4, 5):
        shows(desk, waiting[number])
        approve(desk)

    shows(desk, waiting[6])
    vote(waiting[6], cy, edits=OTHER)
    expect(bar(desk)).to_contain_text("It has changed since you looked.")
    press(desk, "Show what changed")
    expect(desk.get_by_role("alert").filter(has_text="Changed since you looked")).to_be_visible()
    approve(desk)

    shows(desk, waiting[7])
    restartable.kill()
    expect(bar(desk)).to_contain_text("Reconnecting…")
    restartable.start()
    for number in (7, 8, 9, 10):
        shows(desk, waiting[number])
        approve(desk)

    shows(desk, waiting[11])
    press(desk, re.compile(r"Undo \(\d+ s\)"))
    becomes(waiting[10], State.PENDING)
    approve(desk)
    for number in (0, 1, 4, 5, 6, 7, 8, 9):
        becomes(waiting[number], State.ALLOWED)
    becomes(waiting[2], State.DENIED)
    mine = Vote.objects.filter(voter_id=bo.id, via=Via.CONSOLE).exclude(decision=Decision.RETRACT)
    eventually(lambda: mine.standing().values("request").distinct().count() >= 10)
    faults[:] = [
        each for each in faults if "ERR_CONNECTION" not in each and "WebSocket" not in each
    ]
