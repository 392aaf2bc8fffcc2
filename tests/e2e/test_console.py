"""The console in a browser: home, palette, lists; light, dark, on a phone, by keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from apps.accounts.choices import Scope
from apps.accounts.models import User
from tests.e2e.browsing import PHONE, log_in
from tests.e2e.faults import serious_faults, too_wide
from tests.factories import agent_of, issue

pytestmark = pytest.mark.e2e

PAGES = [
    "/admin/",
    "/admin/accounts/workspace/",
    "/admin/accounts/user/",
    "/admin/accounts/apikey/",
    "/admin/ledger/event/",
    "/admin/inference/budget/",
    "/admin/policies/policy/",
    "/admin/policies/actrecord/",
    "/accounts/",
    "/accounts/time-zone/",
    "/accounts/sessions/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
]


@pytest.fixture
def furnished(workspace, reviewer):
    issue(agent_of(reviewer, workspace), workspace, Scope.READ)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_serious_accessibility_fault(open_browser, operator, furnished, scheme):
    page = open_browser(color_scheme=scheme)
    page.goto("/accounts/login/")
    faults = serious_faults(page)
    log_in(page, operator)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    for path in PAGES:
        page.goto(path)
        faults += [f"{path} {fault}" for fault in serious_faults(page)]
    assert "\n".join(faults) == ""


def test_issuing_a_key_has_no_serious_accessibility_fault(page, reviewer, furnished):
    agent = User.objects.get_queryset().get(owner=reviewer)
    log_in(page, reviewer)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto(f"/admin/accounts/user/{agent.pk}/change/")
    faults = serious_faults(page)
    page.get_by_role("link", name="Issue a key").click()
    faults += serious_faults(page)
    page.get_by_label("Name").fill("Nightly")
    page.get_by_role("button", name="Issue a key").click()
    expect(page.get_by_label("The new key")).to_have_value(re.compile("^lat_"))
    faults += serious_faults(page)
    assert "\n".join(faults) == ""


def test_unverified_address_gets_its_link_from_a_sound_page(page, site, reviewer):
    log_in(page, reviewer)
    page.goto("/accounts/email/")
    assert serious_faults(page) == []
    page.get_by_role("button", name="Send the link").click()
    assert site.mailed_link("/accounts/confirm-email/").startswith(site.url)


def test_pages_fit_a_phone(open_browser, operator, furnished):
    page = open_browser(viewport=PHONE)
    page.goto("/accounts/login/")
    wide = ["/accounts/login/"] if too_wide(page) else []
    log_in(page, operator)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    for path in PAGES:
        page.goto(path)
        if too_wide(page):
            wide.append(path)
    assert wide == []


def test_home_shows_the_tiles_and_they_lead_on(page, operator, furnished):
    log_in(page, operator)
    tile = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="People"))
    expect(tile).to_contain_text("1 agent")
    tile.get_by_role("link").click()
    expect(page).to_have_url(f"{page.url.split('/admin')[0]}/admin/accounts/user/")


def test_palette_finds_a_workspace_by_keyboard_alone(page, reviewer, workspace):
    log_in(page, reviewer)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.keyboard.press("Control+k")
    page.get_by_role("searchbox").press_sequentially("orchard")
    expect(page.locator("#command-results")).to_contain_text("Orchard Street")
    page.keyboard.press("Enter")
    expect(page).to_have_url(
        f"{page.url.split('/admin')[0]}/admin/accounts/workspace/{workspace.id}/change/"
    )


def test_search_button_opens_the_palette(page, reviewer):
    log_in(page, reviewer)
    page.get_by_role("button", name="Search everything").click()
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_theme_follows_the_system_and_can_be_chosen(open_browser, operator):
    page = open_browser(color_scheme="dark")
    log_in(page, operator)
    expect(page.locator("html")).to_have_class("dark")
    page.get_by_role("button", name=operator.name).click()
    page.get_by_text("Light", exact=True).click()
    expect(page.locator("html")).not_to_have_class("dark")
