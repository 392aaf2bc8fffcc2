"""Deciding on a request's page by keyboard alone: ready first, then done, then the next one."""

import re

import pytest
from playwright.sync_api import expect

from apps.approvals.choices import State
from apps.approvals.models.people import Snooze
from apps.approvals.models.requests import ApprovalRequest, Vote
from tests.approvals.deciding import hold, policy_of
from tests.e2e.browsing import PHONE
from tests.e2e.faults import serious_faults, too_wide
from tests.waiting import eventually

pytestmark = pytest.mark.e2e


def state_of(request: ApprovalRequest) -> str:
    request.refresh_from_db()
    return request.state


def decided(request: ApprovalRequest, state: State) -> None:
    eventually(lambda: state_of(request) == state, what=f"it is {state}")


def bar(page):
    return page.get_by_role("region", name="Your decision")


def test_two_keys_approve_and_the_next_one_is_there(propose, review, bo):
    first, second = propose("docs/a.md"), propose("docs/b.md")
    page = review(bo, first)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("a")
    expect(bar(page)).to_contain_text("Ready to approve.")
    page.keyboard.press("Escape")
    expect(bar(page)).not_to_contain_text("Ready to approve.")
    page.keyboard.press("Control+Enter")
    page.keyboard.press("a")
    assert not Vote.objects.exists()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(str(second.id)))
    expect(page.get_by_role("heading", name="creates docs/b.md").last).to_be_focused()
    expect(page).to_have_title(re.compile("docs/b.md"))
    expect(page.locator("[data-toasts]")).to_contain_text("You approved it.")
    decided(first, State.EFFECTIVE)
    page.go_back()
    expect(bar(page)).to_contain_text("Approved by Bo Lindqvist in the console")


def test_an_approval_is_undone_from_the_next_page(propose, review, bo, workspace, owner):
    calm = "undo: {seconds: 600, up_to: critical}\n"
    hold(workspace, owner, policy_of("name: review, roles: [reviewer]", more=calm))
    first, second = propose("docs/a.md"), propose("docs/b.md")
    page = review(bo, first)
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(str(second.id)))
    page.get_by_role("button", name=re.compile(r"Undo \(\d+ s\)")).click()
    expect(page.locator("[data-toasts]")).to_contain_text("You took your approval back.")
    decided(first, State.PENDING)


def test_rejecting_takes_a_reason(propose, review, bo):
    request = propose("docs/a.md")
    page = review(bo, request)
    page.keyboard.press("r")
    reason = page.get_by_label("Reason or comment")
    expect(reason).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(bar(page).get_by_role("alert")).to_have_text("Say why.")
    assert state_of(request) == State.PENDING
    page.keyboard.type("Too much salt, armed or not: a r q")
    page.keyboard.press("Control+Enter")
    expect(bar(page)).to_contain_text("Denied by Bo Lindqvist in the console")
    decided(request, State.DENIED)


def test_a_patch_is_edited_and_approved(propose, review, bo):
    request = propose("docs/a.md")
    page = review(bo, request)
    page.keyboard.press("e")
    patch = page.get_by_label("The patch")
    expect(patch).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(bar(page)).to_contain_text("You edited nothing")
    patch.fill(patch.input_value().replace("+Text.", "+Better text."))
    patch.press("Control+Enter")
    expect(page.locator("[data-toasts]")).to_contain_text("You approved it.")
    page.reload()
    expect(page.get_by_role("region", name="Change")).to_contain_text("Better text.")
    expect(bar(page)).to_contain_text("Whoever edits cannot be the only one who approves")


def test_only_some_of_it_is_accepted(propose, review, bo):
    request = propose("docs/a.md", "docs/b.md")
    page = review(bo, request)
    page.get_by_text("Approve only some of it").click()
    page.get_by_role("checkbox", name="create docs/a.md").check()
    page.get_by_role("button", name="Approve these").click()
    decided(request, State.EFFECTIVE)
    assert ApprovalRequest.objects.get(part_of=request).state == State.PENDING


def test_it_is_put_off_and_the_next_one_shown(propose, review, bo):
    first, second = propose("docs/a.md"), propose("docs/b.md")
    page = review(bo, first)
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Until tomorrow morning")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(str(second.id)))
    assert Snooze.objects.get(person_id=bo.id).request == first


def test_what_is_critical_is_typed(propose, review, bo):
    request = propose("docs/a.md")
    ApprovalRequest.objects.update(risk_level="critical")
    page = review(bo, request)
    page.keyboard.press("a")
    expect(page.get_by_label("type docs/a.md to approve")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(bar(page).get_by_role("alert")).to_contain_text("It is critical")
    page.keyboard.type("docs/a.md")
    page.keyboard.press("Enter")
    assert state_of(request) == State.PENDING
    page.keyboard.press("Control+Enter")
    decided(request, State.EFFECTIVE)


def test_it_is_decided_without_scripts(propose, review, bo, open_browser):
    request = propose("docs/a.md")
    cookies = review(bo, request).context.cookies()
    page = open_browser(java_script_enabled=False)
    page.context.add_cookies(cookies)
    page.goto(f"/admin/review/{request.id}/")
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("asked Orchard Street for approval")).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("You approved it.")).to_be_visible()
    decided(request, State.EFFECTIVE)


@pytest.mark.parametrize(("scheme", "size"), [("light", None), ("dark", PHONE)])
def test_everybody_can_use_it(propose, review, bo, scheme, size):
    request = propose("docs/a.md", "docs/b.md")
    page = review(bo, request, color_scheme=scheme, **({"viewport": size} if size else {}))
    assert not too_wide(page)
    assert serious_faults(page) == []
    page.keyboard.press("e")
    expect(page.get_by_label("The patch")).to_be_in_viewport()
    assert serious_faults(page) == []
    page.get_by_label("The patch").press("Escape")
    for tab in ("Checks", "History"):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("region", name=tab)).to_be_visible()
        assert serious_faults(page) == []
    assert not too_wide(page)


def test_on_a_phone_the_bar_leaves_room_for_what_it_is_about(propose, review, bo):
    page = review(
        bo, propose(*(f"docs/a-rather-long-name-{n}.md" for n in range(4))), viewport=PHONE
    )
    names = ("Approve", "Request changes", "Reject", "More")
    buttons = [page.get_by_role("button", name=name, exact=True) for name in names]
    tops = {button.bounding_box()["y"] for button in buttons}
    assert len(tops) == 1, "they stand in one row"
    assert bar(page).bounding_box()["height"] < PHONE["height"] / 5
    buttons[-1].click()
    assert bar(page).bounding_box()["height"] < PHONE["height"] / 2
    assert not too_wide(page)
    page.get_by_text("Put off", exact=True).click()
    expect(page.get_by_role("button", name="Until next week")).to_be_in_viewport(ratio=1)
