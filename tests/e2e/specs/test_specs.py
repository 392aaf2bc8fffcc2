"""Specs in a browser: on a phone, in light and dark, by keyboard, and back in time."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.policies.services.versions import apply_policy
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import agent_of, member
from tests.specs.graphs import node, plant
from tests.specs.proposing import POLICY, edit, link, submit

pytestmark = pytest.mark.e2e

BODY = "It SHALL pay.\n\nIt SHALL\u200b ask once.\n"


@pytest.fixture
def scribe(workspace, reviewer):
    return agent_of(reviewer, workspace)


@pytest.fixture
def graph(workspace, scribe):
    plant(
        workspace,
        [
            node("DOC-1", title="Refunds"),
            node("GOAL-1", title="Refunds are fair"),
            *(node(f"REQ-{n}", parent="DOC-1", rank=f"{n}", body=BODY) for n in range(1, 6)),
            node("TEST-1", title="Pays back"),
        ],
        [*(f"REQ-{n} refines GOAL-1" for n in range(1, 6)), "TEST-1 verifies REQ-1"],
        author=scribe,
        title="Begin refunds",
    )
    changed = [node("REQ-1", title="Refunds at once", body="It SHALL pay at once.\n")]
    plant(workspace, changed, ["REQ-2 depends_on REQ-1"], author=scribe, title="Pay at once")


@pytest.fixture
def proposal(workspace, scribe, graph):
    apply_policy(text=POLICY, workspace=workspace.id, actor=member(workspace, Role.OWNER))
    changes = edit("REQ-1", "at once", "within a day"), link("REQ-3", "depends_on", "REQ-1")
    return submit(workspace, scribe, *changes, title="Pay later").proposal


def opened(page: Page, person, path: str) -> Page:
    log_in(page, person)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto(path)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_for_everybody_and_fit_a_phone(
    open_browser, workspace, reviewer, proposal, scheme
):
    base = f"/admin/specs/{workspace.id}"
    page = opened(open_browser(color_scheme=scheme, viewport=PHONE), reviewer, f"{base}/")
    faults = []
    paths = [
        *(f"{base}/?parent=DOC-1", f"{base}/?revision=1", f"{base}/REQ-1/?body=blame"),
        *(f"{base}/graph/", f"{base}/graph/?around=REQ-1&depth=2", f"{base}/changes/"),
        *(f"{base}/REQ-1/versions/?lines=split", f"{base}/proposals/"),
        *(f"{base}/search/?q=refund+pay", f"{base}/search/?q=pay&revision=1"),
        f"/admin/specs/proposals/{proposal.id}/",
    ]
    for path in paths:
        page.goto(path)
        faults += [f"{path}: {fault}" for fault in serious_faults(page)]
        faults += [f"{path}: too wide"] if too_wide(page) else []
    assert "\n".join(faults) == ""


def test_the_slider_goes_back_and_the_address_says_so(page, workspace, reviewer, graph):
    opened(page, reviewer, f"/admin/specs/{workspace.id}/REQ-1/")
    expect(page.locator(".words")).to_have_text("It SHALL pay at once.\n")
    slider = page.get_by_label("As of", exact=True)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("output")).to_have_text("revision 1")
    page.keyboard.press("Enter")
    page.wait_for_url("**revision=1")
    expect(page.locator(".words")).to_contain_text("It SHALL pay.")
    page.get_by_role("link", name="Now").click()
    expect(page.locator(".words")).to_have_text("It SHALL pay at once.\n")


def test_what_is_found_is_gone_through_by_keyboard(page, workspace, reviewer, graph):
    opened(page, reviewer, f"/admin/specs/{workspace.id}/search/")
    field = page.get_by_label("Words, a key, a question")
    expect(field).to_be_focused()
    page.keyboard.type("refunds at once")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=refunds**")
    expect(page.locator("mark").first).to_be_visible()
    field.focus()
    page.keyboard.press("ArrowDown")
    first = page.locator("[data-hits] li > a").first
    expect(first).to_be_focused()
    expect(first).to_contain_text("REQ-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/REQ-1/**")


def test_the_picture_moves_by_keyboard_and_opens_by_a_click(page, workspace, reviewer, graph):
    opened(page, reviewer, f"/admin/specs/{workspace.id}/graph/?open=")
    picture = page.locator("[data-graph] svg")
    expect(page.locator("[data-graph].moves")).to_be_visible()
    whole = picture.get_attribute("viewBox")
    page.locator("[data-graph]").focus()
    for key in ("+", "ArrowRight", "ArrowDown"):
        before = picture.get_attribute("viewBox")
        page.keyboard.press(key)
        assert picture.get_attribute("viewBox") != before
    page.keyboard.press("0")
    assert picture.get_attribute("viewBox") == whole
    page.locator("[data-box]").filter(has_text="Refunds").click()
    expect(page.locator(".frame")).to_have_count(1)
    expect(page.locator("[data-box]").filter(has_text="REQ-")).to_have_count(5)


def test_the_same_is_there_without_scripts(open_browser, workspace, reviewer, graph):
    page = open_browser(java_script_enabled=False)
    log_in(page, reviewer)
    page.wait_for_url("**/admin/")
    page.goto(f"/admin/specs/{workspace.id}/graph/")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="REQ-2"))
    expect(row).to_contain_text("depends on REQ-1")
