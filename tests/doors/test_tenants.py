"""Strangers see nothing: every route, every method, as another tenant, as nobody, as revoked.

A route that is not listed fails. Add it to one of the lists in `listed`: each says who gets what.
"""

import re

import pytest
from django.test import Client

from tests.doors.callers import REVOKED, STRANGERS, tried_by
from tests.doors.listed import NAMED, OPEN, OWN, STREAMS
from tests.doors.routes import MACHINE_ROUTES, PAGE_ROUTES
from tests.doors.walking import METHODS, everything, undone, walk, written
from tests.tenant import Tenant


@pytest.fixture
def victim():
    return Tenant.new("canary")


@pytest.mark.row(11)
def test_every_route_is_listed(figures):
    listed = [*OPEN, *OWN, *NAMED, *STREAMS]
    assert sorted(listed) == MACHINE_ROUTES
    figures(
        f"{len(MACHINE_ROUTES)} routes of the API as {len(STRANGERS + REVOKED)} kinds of caller by "
        f"{len(METHODS)} methods, and {len(PAGE_ROUTES)} of pages as two: 0 tell of a tenant, 0 "
        "change anything of it; an unlisted route fails"
    )


@pytest.mark.row(11)
@pytest.mark.django_db
@pytest.mark.parametrize("caller", STRANGERS)
def test_strangers_meet_nothing(caller, victim, unhurried):
    def expected(route, method, status):
        if route in NAMED and method != "OPTIONS":
            return status in {403, 404, 405}
        return status < 500

    assert walk(tried_by(caller), victim, caller(victim), expected) == []


@pytest.mark.row(11)
@pytest.mark.django_db
@pytest.mark.parametrize("caller", REVOKED)
def test_nobody_and_revoked_are_refused(caller, victim, unhurried):
    def expected(route, method, status):
        if route in OPEN:
            return status < 500
        return status == 401 or (route in STREAMS and status == 405)

    assert walk(tried_by(caller), victim, caller(victim), expected) == []


@pytest.mark.row(11)
@pytest.mark.django_db
@pytest.mark.parametrize("caller", ["nobody", "stranger"])
def test_pages_say_nothing_to_nobody_and_to_strangers(caller, victim, unhurried):
    someone, browser = Tenant.new("stranger").owner, Client()
    if caller == "stranger":
        browser.force_login(someone)
    mine, before, wrong = str(victim.agent.id), everything(victim), []
    so_far, canaries = written(), [canary for canary in victim.canaries if canary != mine]
    for route in PAGE_ROUTES:
        # A login page links back to where one was going: that one id is no news.
        path = "/" + re.sub(r"<[^>]+>|\(\?P.*|\.\*|[$^]", lambda _: mine, route)
        with undone():
            for method in METHODS:
                response = browser.generic(method, path)
                page = "" if response.streaming else response.content.decode()
                said = f"{method} {path}: {response.status_code}"
                if any(canary in page for canary in canaries) or response.status_code >= 500:
                    wrong.append(f"tells of the tenant: {said}")
                if route.startswith("admin/") and response.status_code < 300:
                    wrong.append(f"lets strangers in: {said}")
            if so_far != (so_far := written()) and everything(victim) != before:
                wrong.append(f"{path} changed something of the tenant's")
    assert wrong == []
