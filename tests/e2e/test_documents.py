"""The pages that show the API draw themselves under our content security policy."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.faults import at_all_widths

pytestmark = pytest.mark.e2e

PATIENCE = 120_000
"""Redoc lays out all of a long description before it shows any."""


def test_swagger_shows_the_operations(page: Page):
    """It draws a long description as far as one has scrolled."""
    page.goto("/docs")
    first = page.get_by_text("Log in with an e-mail address and a password")
    expect(first).to_be_visible(timeout=PATIENCE)
    page.mouse.wheel(0, 3000)
    expect(page.locator("#operations-tag-activity")).to_be_visible(timeout=PATIENCE)


@pytest.mark.timeout(900)
def test_swagger_can_be_read_by_everybody(page: Page):
    """Folded, with an operation of each kind open, and asking who one is. It is never dark."""
    page.goto("/docs")
    expect(page.locator(".opblock").first).to_be_visible(timeout=PATIENCE)
    wrong = at_all_widths(page, "/docs")
    for kind in ("get", "post", "put", "patch", "delete"):
        page.set_viewport_size({"width": 1280, "height": 800})
        operation = page.locator(f".opblock-{kind}").first
        while not operation.count():
            page.mouse.wheel(0, 2000)
            page.wait_for_timeout(500)
        operation.locator(".opblock-summary-control").click()
        expect(page.locator(f".opblock-{kind}.is-open .responses-table")).to_be_visible()
        wrong += at_all_widths(page, f"/docs with {kind} open")
    page.locator(".btn.authorize").click()
    expect(page.locator(".modal-ux")).to_be_visible()
    wrong += at_all_widths(page, "/docs asking who one is")
    assert "\n".join(wrong) == ""


def test_redoc_shows_the_operations(page: Page):
    page.goto("/redoc")
    title = page.get_by_role("heading", name="Does it answer, and which version?")
    expect(title).to_be_visible(timeout=PATIENCE)
