"""The kill switch at a browser: pulled with a reason, seen on every page, released."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESKTOP, PHONE, Site, log_in
from tests.factories import PersonFactory

pytestmark = pytest.mark.e2e


def test_an_operator_stops_everything_and_lets_it_go_on(site: Site, page: Page):
    olga = PersonFactory.create(name="Olga Operator", is_staff=True, is_superuser=True)
    log_in(page, olga)
    page.goto("/admin/ledger/killswitch/")
    page.get_by_role("link", name="Pull it").click()
    page.get_by_label("What to stop").select_option(label="Everything")
    page.get_by_label("Why").fill("A key leaked")
    page.get_by_label("Yes, stop it now").check()
    page.get_by_role("button", name="Pull the kill switch").click()
    banner = page.get_by_role("alert").filter(has_text="Everything is stopped: A key leaked")
    expect(banner).to_contain_text("Olga Operator")

    for size in (PHONE, DESKTOP):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        page.goto("/admin/accounts/user/")
        expect(banner).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    banner.get_by_role("link", name="See it").click()
    page.get_by_role("link", name="Everything").click()
    page.get_by_role("link", name="Release").click()
    page.get_by_label("Why").fill("The key is revoked")
    page.get_by_role("button", name="Release").click()
    expect(page).to_have_url(re.compile("/admin/ledger/killswitch/$"))
    expect(banner).to_have_count(0)
