"""What goes on while the kill switch is on: exactly this. Whatever else changes something does not.

A new route that changes something needs no line here: it is stopped. One that has to go on gets
`stays_open`, and a line.
"""

import re
from pathlib import Path

import pytest
from celery import current_app
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils.module_loading import autodiscover_modules
from rest_framework.permissions import SAFE_METHODS

from apps.activity.ports import commands
from apps.ledger.models import Event, KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.api.door import view_stays_open
from config.env import ROOT
from tests.tenant import Tenant

SIGNING_IN = {
    "accounts/2fa/authenticate/",
    "accounts/2fa/reauthenticate/",
    "accounts/login/",
    "accounts/logout/",
    "accounts/reauthenticate/",
    "admin/logout/",
    "api/v1/auth/login",
    "api/v1/auth/logout",
    "api/v1/auth/refresh",
    "api/v1/ws-tickets",  # opens a socket, which reads; its commands are stopped
}
THE_SWITCH = {
    "api/v1/kill-switch",
    "admin/ledger/killswitch/pull/",
    "admin/ledger/killswitch/<path:object_id>/release/",
}
ENDING_WHAT_SOMEBODY_MAY_DO = {
    # Who stops everything because a key leaked revokes it before going on.
    "accounts/sessions/",
    "admin/accounts/apikey/<path:object_id>/revoke/",
    "admin/accounts/invitation/<path:object_id>/revoke/",
    "admin/accounts/tokenfamily/<path:object_id>/end/",
    "admin/accounts/user/<path:object_id>/disable/",
    "api/v1/agents/<uuid:agent_id>/disable",
    "api/v1/api-keys/<uuid:key_id>/revoke",
    "api/v1/invitations/<uuid:invitation_id>/revoke",
}
WEIGHING = {
    # What is asked changes nothing, and who stopped everything may have to mend a policy, or to
    # know whether the record was.
    "admin/audit/<uuid:workspace_id>/verify/",
    "admin/policies/policy/<uuid:workspace_id>/check/",
    "admin/policies/policy/<uuid:workspace_id>/try/",
}
ENDING_WHAT_IS_ASKED = {
    # Rejecting, vetoing and taking back; an approval is refused all the same.
    "api/v1/approvals/<uuid:request_id>/votes",
    "api/v1/approvals/<uuid:request_id>/withdraw",
    "api/v1/mutations/<uuid:proposal_id>/withdraw",
    "api/v1/approvals/bulk",
    "admin/review/<uuid:request_id>/decide/",
    "admin/review/<uuid:request_id>/withdraw/",
    "admin/specs/proposals/<uuid:proposal_id>/withdraw/",
    "admin/review/<uuid:request_id>/look-again/",  # reads what changed
    "admin/review/bulk/cast/",
    "api/v1/approvals/<uuid:request_id>/respond",
    "approvals/<uuid:request_id>/respond",
}
OPEN = SIGNING_IN | THE_SWITCH | ENDING_WHAT_SOMEBODY_MAY_DO | WEIGHING | ENDING_WHAT_IS_ASKED
"""Of unsafe requests. Every safe one is open."""

OPEN_TASKS = {"activity.pulse", "ledger.write_checkpoint"}
OPEN_COMMANDS = {"decide", "withdraw"}
"""Of sockets."""

OPEN_BLOCKS = {
    "apps/accounts/services/invitations.py": 1,  # notes that a mail has left
    "apps/accounts/services/tickets.py": 1,  # a socket opens, to read
    "apps/activity/consumers.py": 1,  # a command that is marked
    "apps/activity/services/sending.py": 1,  # notes how a webhook that was sent went
    "apps/approvals/services/opening.py": 1,  # who proposed it takes it back
    "apps/approvals/services/voting.py": 1,  # a rejection or a veto
    "apps/approvals/api/views/votes.py": 2,  # by what is decided
    "apps/approvals/services/bulk.py": 1,  # by what is decided
    "apps/inference/services/uses.py": 1,  # notes what a model that was asked has cost
    "apps/mirror/services/rounds.py": 1,  # notes that most files of a folder are gone
    "apps/specs/services/closing.py": 1,  # who proposed it takes it back
    "apps/ledger/services.py": 1,  # a new epoch, after a restore
    "apps/policies/api/door.py": 2,  # safe requests and marked views
    "apps/policies/services/switching.py": 2,  # the switch itself
}
"""Where the code itself says so."""


def routes(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from routes(pattern, route)


def first_of_each():
    """The library's pages stand behind ours, which are found first."""
    found: dict[str, URLPattern] = {}
    for route, pattern in routes():
        found.setdefault(route, pattern)
    return found


ROUTES = first_of_each()


@pytest.fixture
def victim(db):
    return Tenant.new("canary")


@pytest.fixture
def stopped(victim):
    return KillSwitch.objects.create(workspace_id=EVERYWHERE, reason="drill", pulled_by=EVERYWHERE)


def filled(route, victim):
    """Some path that leads to this route."""
    ids = {"object_id": str(victim.agent.id)} | {k: str(v) for k, v in victim.ids.items()}
    path = re.sub(r"\(\?P<\w+>[^)]*\)", "a1", route)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: ids.get(found[1], "1"), path)
    return "/" + re.sub(r"\.\*|[$^]", "", path)


def test_the_views_that_are_marked_are_these():
    marked = {route for route, pattern in ROUTES.items() if view_stays_open(pattern.callback)}
    assert marked == OPEN


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_every_other_route_refuses_what_changes_something(method, victim, stopped, unhurried):
    events, wrong = Event.objects.count(), []
    client, key = Client(), victim.key_of_owner()
    for route in ROUTES.keys() - OPEN:
        answered = client.generic(
            method,
            filled(route, victim),
            "{}",
            content_type="application/json",
            headers={"X-API-Key": key},
        )
        if answered.status_code != 503 or answered.json()["error"]["code"] != "kill_switch":
            wrong.append(f"{method} {route}: {answered.status_code}")
    assert wrong == []
    assert Event.objects.count() == events


@pytest.mark.parametrize("route", sorted(OPEN))
def test_what_is_open_is_not_refused(route, victim, stopped, unhurried):
    answered = Client().generic(
        "POST",
        filled(route, victim),
        "{}",
        content_type="application/json",
        headers={"X-API-Key": victim.key_of_owner()},
    )
    assert answered.status_code != 503


def test_everything_can_be_read(victim, stopped, unhurried, client):
    client.force_login(victim.owner)
    refused = []
    for route in ROUTES:
        for method in SAFE_METHODS:
            answered = client.generic(method, filled(route, victim))
            if answered.status_code == 503:
                refused.append(f"{method} {route}")
    assert refused == []


@pytest.mark.parametrize("path", ["health", "healthz", "livez", "readyz", "metrics"])
def test_health_and_metrics_stay_up(path, stopped, client):
    assert client.get(f"/{path}").status_code == 200


def test_the_refusal_is_the_promised_one(stopped, client):
    answered = client.post("/api/v1/workspaces", {"name": "W"}, content_type="application/json")
    assert answered.status_code == 503
    error = answered.json()["error"]
    assert (error["code"], error["message"]) == ("kill_switch", "Service disabled")


def test_a_browser_gets_a_page(stopped, client):
    answered = client.post("/accounts/password/reset/", headers={"Accept": "text/html"})
    assert answered.status_code == 503
    assert "Service disabled" in answered.content.decode()


def test_the_environment_stops_the_same(db, settings, client, unhurried):
    settings.KILL_SWITCH = True
    refused = client.post("/api/v1/workspaces", "{}", content_type="application/json")
    assert refused.json()["error"]["code"] == "kill_switch"
    assert client.get("/healthz").status_code == 200


def test_tasks_that_go_on_are_these():
    autodiscover_modules("tasks")
    marked = {
        name
        for name, task in current_app.tasks.items()
        if getattr(getattr(task, "run", None), "stays_open", False)
    }
    assert marked == OPEN_TASKS


def test_commands_of_sockets_that_go_on_are_these():
    autodiscover_modules("routing")
    assert {n for n, do in commands.items() if getattr(do, "stays_open", False)} == OPEN_COMMANDS


def test_the_code_says_it_in_these_places_alone():
    said = {}
    for path in sorted((ROOT / "apps").rglob("*.py")) + sorted((ROOT / "config").rglob("*.py")):
        count = len(re.findall(r"(?<!def )\b(?:staying_open|keep_open)\(", path.read_text()))
        if count and path != Path(ROOT / "apps/ledger/switch.py"):
            said[str(path.relative_to(ROOT))] = count
    assert said == OPEN_BLOCKS
