"""Every page outside the admin keeps to a content security policy that allows nothing inline."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import log_in
from tests.waiting import eventually

pytestmark = pytest.mark.e2e

COLLECT = """
window.violations = [];
addEventListener("securitypolicyviolation", (report) =>
  violations.push(`${report.effectiveDirective} ${report.blockedURI} ${report.sample}`));
"""
FOR_ANYBODY = [
    "/accounts/login/",
    "/accounts/password/reset/",
    "/docs",
    "/redoc",
    "/demo/approval_client.html",
    "/approvals/open/none",
    "/nowhere",
]
FOR_SOMEBODY = [
    "/activity",
    "/accounts/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/time-zone/",
    "/accounts/sessions/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
]


def broken_rules(page: Page, paths: list[str]) -> list[str]:
    found = []
    for path in paths:
        page.goto(path)
        expect(page.locator("body")).to_contain_text(re.compile(r"\w{3}"))
        found += [f"{path}: {broken}" for broken in page.evaluate("violations")]
    return found


def test_no_page_outside_the_admin_breaks_its_policy(page, operator, faults):
    page.add_init_script(COLLECT)
    found = broken_rules(page, FOR_ANYBODY)
    log_in(page, operator)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    found += broken_rules(page, FOR_SOMEBODY)
    assert found == []


def test_policy_is_in_force_and_its_breach_is_seen(page, faults):
    """So that finding none above means something."""
    page.add_init_script(COLLECT)
    page.goto("/accounts/login/")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.head.append(script);
        }"""
    )
    eventually(lambda: page.evaluate("violations"), what="the breach")
    assert page.evaluate("window.ran") is None
    faults.clear()
