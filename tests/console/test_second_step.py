"""The second step: a code from an authenticator app, asked of everybody where it is required."""

import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache

from apps.accounts.models import TokenFamily
from apps.accounts.services.sessions import open_session
from apps.ledger.models import Event
from tests.factories import PASSWORD

SETUP = "/accounts/2fa/totp/activate/"


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def log_in(browser, user):
    return browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def prove_again(browser):
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})


def set_up(browser) -> tuple[str, str]:
    """Goes through the pages; returns the secret and where it ended."""
    prove_again(browser)
    secret = browser.get(SETUP).context["form"].secret
    answer = browser.post(SETUP, {"code": code_for(secret)}, follow=True)
    return secret, answer.redirect_chain[-1][0]


def second_step_events() -> list[str]:
    found = Event.objects.filter(type__contains="second_step").order_by("id")
    return list(found.values_list("type", flat=True))


@pytest.fixture
def verified(reviewer):
    EmailAddress.objects.create(user=reviewer, email=reviewer.email, primary=True, verified=True)
    return reviewer


def test_second_step_is_set_up_and_recorded(browser, verified):
    log_in(browser, verified)
    secret, ended = set_up(browser)

    assert ended == "/accounts/2fa/recovery-codes/"
    assert second_step_events() == ["accounts.person.second_step_enabled"]
    kept = Authenticator.objects.get(user=verified, type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)


def test_setting_it_up_ends_api_logins_that_had_none(browser, verified):
    open_session(person=verified)
    log_in(browser, verified)
    set_up(browser)
    assert TokenFamily.objects.get().ended_at is not None


def test_wrong_code_turns_nothing_on(browser, verified):
    log_in(browser, verified)
    prove_again(browser)
    browser.get(SETUP)
    answer = browser.post(SETUP, {"code": "000000"})

    assert "Incorrect code" in answer.content.decode()
    assert not Authenticator.objects.exists()
    assert second_step_events() == []


def test_setting_it_up_asks_for_the_password_once_more(browser, verified):
    log_in(browser, verified)
    assert browser.get(SETUP).url.startswith("/accounts/reauthenticate/")


def test_unverified_address_cannot_take_an_account_hostage(browser, reviewer):
    log_in(browser, reviewer)
    assert browser.get(SETUP).url == "/accounts/2fa/"
    assert not Authenticator.objects.exists()


def test_login_asks_for_the_code_and_takes_each_once(browser, client, verified):
    log_in(browser, verified)
    secret, _ = set_up(browser)
    cache.clear()

    answer = log_in(client, verified)
    assert answer.url == "/accounts/2fa/authenticate/"
    assert "_auth_user_id" not in client.session
    code = code_for(secret)
    client.post(answer.url, {"code": "000000"})
    assert "_auth_user_id" not in client.session
    assert client.post(answer.url, {"code": code}).url == "/admin/"
    newest = Event.objects.filter(type="accounts.person.logged_in").latest("id")
    assert newest.payload["second_step"] is True

    client.post("/accounts/logout/")
    answer = log_in(client, verified)
    client.post(answer.url, {"code": code})
    assert "_auth_user_id" not in client.session


def test_guessing_codes_is_slowed(browser, client, verified):
    log_in(browser, verified)
    secret, _ = set_up(browser)
    cache.clear()
    answer = log_in(client, verified)

    for _ in range(5):
        client.post(answer.url, {"code": "000000"})
    refused = client.post(answer.url, {"code": code_for(secret)})

    assert "Too many failed" in refused.content.decode()
    assert "_auth_user_id" not in client.session


def test_recovery_code_stands_in_for_the_app_once(browser, client, verified):
    log_in(browser, verified)
    prove_again(browser)
    secret = browser.get(SETUP).context["form"].secret
    shown = browser.post(SETUP, {"code": code_for(secret)}, follow=True)
    code = shown.context["unused_codes"][0]
    again = browser.get("/accounts/2fa/recovery-codes/")
    assert code not in again.content.decode()

    answer = log_in(client, verified)
    assert client.post(answer.url, {"code": code}).url == "/admin/"
    client.post("/accounts/logout/")
    answer = log_in(client, verified)
    client.post(answer.url, {"code": code})
    assert "_auth_user_id" not in client.session


def test_turning_it_off_is_recorded(browser, verified):
    log_in(browser, verified)
    set_up(browser)
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert second_step_events()[-1] == "accounts.person.second_step_disabled"


def test_new_recovery_codes_are_recorded(browser, verified):
    log_in(browser, verified)
    set_up(browser)
    browser.post("/accounts/2fa/recovery-codes/generate/")
    assert Event.objects.latest("id").type == "accounts.person.recovery_codes_made"


def test_console_waits_for_the_second_step_where_it_is_required(browser, verified, settings):
    settings.REQUIRE_TOTP = True
    log_in(browser, verified)

    led = browser.get("/admin/accounts/workspace/", follow=True)
    assert led.redirect_chain[0][0] == SETUP
    assert "with a second step" in led.content.decode()
    set_up(browser)
    assert browser.get("/admin/accounts/workspace/").status_code == 200
