"""The pages that show the API draw themselves under our content security policy."""

import pytest
from playwright.sync_api import Page, expect

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


def test_redoc_shows_the_operations(page: Page):
    page.goto("/redoc")
    title = page.get_by_role("heading", name="Does it answer, and which version?")
    expect(title).to_be_visible(timeout=PATIENCE)
