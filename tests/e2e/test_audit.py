"""The audit page in a browser: a chain verified by a button, on a phone, in light and dark."""

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.choices import Role
from apps.accounts.services.agents import create_agent
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import at_the_console, member

pytestmark = pytest.mark.e2e


@pytest.fixture
def owner(site, workspace):
    person = member(workspace, Role.OWNER)
    at_the_console(person)
    for name in ("Checkout agent", "<b>Scribe</b>"):
        create_agent(workspace_id=workspace.id, name=name, owner=person, actor=person)
    return person


def opened(page: Page, person) -> Page:
    log_in(page, person)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto("/admin/audit/")
    return page


def test_chain_is_verified_by_a_button_and_its_links_are_shown(page, owner):
    opened(page, owner)
    expect(page.get_by_role("status").filter(has_text="no signature vouches")).to_be_visible()
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text(f"by {owner.name}, up to event")).to_be_visible()
    newest = page.locator(".entry").first
    expect(newest).to_contain_text("<b>Scribe</b>")
    newest.locator("summary").press("Enter")
    predecessor = newest.locator("dd", has_text="(event")
    link = predecessor.locator("code").inner_text()
    older = page.locator(".entry").nth(1)
    older.locator("summary").press("Enter")
    expect(older.locator("dd").first).to_have_text(link)


def test_export_is_a_file(page, owner, workspace):
    opened(page, owner)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Export").click()
    assert saved.value.suggested_filename.startswith(f"audit-{workspace.id}")
    first, *_, last = saved.value.path().read_text().splitlines()
    assert '"lattice_audit":1' in first
    assert '"events":' in last


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_for_everybody_and_fits_a_phone(open_browser, owner, scheme):
    page = opened(open_browser(color_scheme=scheme, viewport=PHONE), owner)
    page.locator(".entry summary").first.click()
    assert serious_faults(page) == []
    assert not too_wide(page)
    page.goto("/admin/audit/?actor=00000000-0000-0000-0000-000000000001")
    expect(page.get_by_text("No event fits what you look for")).to_be_visible()
    assert serious_faults(page) == []
