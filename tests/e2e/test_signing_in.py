"""Signing in, out and back in again, as a person with a browser does it."""

import time
from urllib.parse import urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.e2e.browsing import log_in
from tests.e2e.faults import serious_faults
from tests.factories import PASSWORD

pytestmark = pytest.mark.e2e


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
def test_reviewer_signs_in_to_the_console_and_out(page, reviewer, server):
    log_in(page, reviewer)
    expect(page).to_have_url(f"{page.url.split('/admin')[0]}/admin/")
    expect(page.get_by_role("heading", name="Home")).to_be_attached()

    page.get_by_role("button", name=reviewer.name).click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_wrong_password_says_so_and_keeps_the_address(page, reviewer):
    log_in(page, reviewer, password="not it at all")
    expect(page.get_by_role("alert")).to_contain_text("are not correct")
    expect(page.get_by_label("E-mail")).to_have_value(reviewer.email)


def test_second_step_is_set_up_and_asked_for(page, open_browser, reviewer):
    EmailAddress.objects.create(user=reviewer, email=reviewer.email, primary=True, verified=True)
    log_in(page, reviewer)
    page.goto("/accounts/")
    page.get_by_role("link", name="Set it up").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("#secret").inner_text()
    assert serious_faults(page) == []
    page.get_by_label("Six digits").fill(code_for(secret))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert serious_faults(page) == []
    page.goto("/accounts/2fa/totp/deactivate/")
    expect(page.get_by_role("button", name="Deactivate")).to_be_visible()
    assert serious_faults(page) == []

    other = open_browser()
    log_in(other, reviewer)
    other.get_by_label("Code").fill(code_for(secret))
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Home")).to_be_attached()


def test_forgotten_password_is_replaced_by_the_mailed_link(page, site, reviewer):
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgotten your password?").click()
    page.get_by_label("E-mail").fill(reviewer.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()

    link = site.mailed_link("/password/reset/key/")
    assert link.startswith(site.url)
    page.goto(urlsplit(link).path)
    page.get_by_label("New Password", exact=True).fill("an entirely new password")
    page.get_by_label("New Password (again)").fill("an entirely new password")
    page.get_by_role("button", name="Set the password").click()
    log_in(page, reviewer, password="an entirely new password")
    expect(page.get_by_role("heading", name="Home")).to_be_attached()


def test_ending_a_session_signs_the_other_browser_out(page, open_browser, reviewer):
    log_in(page, reviewer)
    lost = open_browser()
    log_in(lost, reviewer)
    expect(lost.get_by_role("heading", name="Home")).to_be_attached()

    page.goto("/accounts/sessions/")
    page.get_by_role("button", name="End the session of").click()
    expect(page.get_by_role("button", name="End the session of")).to_have_count(0)

    lost.goto("/admin/")
    expect(lost.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Home")).to_be_attached()


def test_the_zone_of_this_browser_is_offered(open_browser, reviewer):
    page = open_browser(timezone_id="Europe/Vienna")
    log_in(page, reviewer)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.goto("/admin/review/attention/")
    page.get_by_role("link", name="your time zone").click()
    page.get_by_role("button", name="Use Europe/Vienna").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Times are those of Europe/Vienna")).to_be_visible()
