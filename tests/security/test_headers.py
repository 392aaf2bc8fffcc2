"""What every route tells a browser, behind TLS: nobody's, and that of who is logged in."""

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from apps.accounts.models import User
from tests.doors.listed import STREAMS
from tests.doors.routes import MACHINE_ROUTES, pages_of
from tests.doors.walking import filled
from tests.tenant import Tenant

pytestmark = pytest.mark.django_db

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
}
NOT_THEIRS = {"/accounts/logout/", "/admin/logout/"}
"""They end the session that the other pages are asked for with."""


@pytest.fixture
def tenant():
    return Tenant.new("someone")


@pytest.fixture
def browser(settings):
    """Behind TLS, as config/settings.py has it there; `check --deploy` says so."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    return Client()


@pytest.fixture
def paths(tenant):
    machines = [filled(route, tenant) for route in MACHINE_ROUTES if route not in STREAMS]
    return [path for path in [*machines, *pages_of(tenant)] if path not in NOT_THEIRS]


@pytest.fixture
def owners(browser, tenant):
    User.objects.filter(pk=tenant.owner.pk).update(is_staff=True, is_superuser=True)
    browser.force_login(User.objects.get_queryset().get(pk=tenant.owner.pk))
    return browser


def answers(browser, paths):
    for path in paths:
        response = browser.get(path, secure=True)
        is_async = response.streaming and response.is_async
        page = async_to_sync(_read)(response) if is_async else b"".join(response)
        yield path, response, page.decode()


async def _read(response):
    return b"".join([piece async for piece in response])


@pytest.mark.parametrize("caller", ["browser", "owners"])
def test_every_answer_says_what_may_be_done_with_it(caller, tenant, paths, unhurried, request):
    """By a browser, and that what is somebody's is kept by nobody."""
    asked, wrong, statuses, theirs = request.getfixturevalue(caller), [], set(), 0
    for path, response, page in answers(asked, paths):
        statuses.add(response.status_code)
        said = {name: response.get(name) for name in ALWAYS}
        policy = response.get("Content-Security-Policy", "")
        is_shut = "frame-ancestors 'none'" in policy or "sandbox" in policy
        if said != ALWAYS or not is_shut or _may_run_what_stands_in_it(policy):
            wrong.append(f"{path}: {said} {policy}")
        loose = [cookie for cookie in response.cookies.values() if not _is_guarded(cookie)]
        wrong += [f"{path}: {cookie.OutputString()}" for cookie in loose]
        told = any(canary in page for canary in tenant.canaries)
        theirs += told
        kept = response.get("Cache-Control", "")
        if (told or path.startswith("/api/")) and "no-store" not in kept:
            wrong.append(f"{path}: {response.status_code} {kept}")
    assert "\n".join(wrong) == ""
    assert {200, 302, 405} < statuses
    assert (theirs > 100) is (caller == "owners")
    page_of_ones_own = asked.get("/accounts/", secure=True).status_code
    assert page_of_ones_own == (200 if caller == "owners" else 302), "they stayed logged in"


def _may_run_what_stands_in_it(policy):
    directives = {name: rest for name, *rest in map(str.split, policy.split(";"))}
    allowed = directives.get("script-src", [])
    return "default-src 'none'" not in policy or not {*allowed} <= {"'self'", "'unsafe-eval'"}


def _is_guarded(cookie):
    """The one against forged forms is read by scripts. What is taken away holds nothing."""
    hidden = cookie["httponly"] or cookie.key == "csrftoken"
    kept = cookie["max-age"] != 0
    return cookie["samesite"] == "Lax" and (not kept or (cookie["secure"] and hidden))


def test_without_tls_one_is_sent_there(browser):
    response = browser.get("/accounts/login/")
    assert (response.status_code, response["Location"][:8]) == (301, "https://")
    assert browser.get("/livez").status_code == 200
