"""Strangers see nothing: every route, every method, as another tenant, as nobody, as revoked.

A route that is not listed fails. Add it to one of the lists below: each says who gets what.
"""

import json
import re
from contextlib import contextmanager
from functools import cache

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from apps.accounts.choices import Role, Scope
from apps.accounts.models import ApiKey
from apps.accounts.services.members import remove_member
from apps.accounts.services.sessions import open_session
from apps.ledger.models import Event
from config.generated_docs import openapi_description
from tests.doors.routes import MACHINE_ROUTES, PAGE_ROUTES
from tests.factories import agent_of, issue, member
from tests.tenant import Tenant

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

OPEN = {
    # The same for everybody, and nobody's.
    "health",
    "healthz",
    "livez",
    "readyz",
    "metrics",
    "docs",
    "redoc",
    "redoc.js",
    "demo/approval_client.css",
    "demo/approval_client.html",
    "demo/approval_client.js",
    "api/v1/health",
    "api/v1/schema",
    # What one proves oneself with is in the body.
    "api/v1/auth/register",
    "api/v1/auth/login",
    "api/v1/auth/refresh",
    "api/v1/auth/logout",
}

OWN = {
    # About the caller: a stranger meets only what is the stranger's.
    "api/v1/auth/me",
    "api/v1/auth/password",
    "api/v1/agents",
    "api/v1/api-keys",
    "api/v1/audit",
    "api/v1/audit/verify",
    "api/v1/invitations/accept",
    "api/v1/members",
    "api/v1/workspaces",
    "api/v1/ws-tickets",
    "api/v1/realtime/feed",
    "realtime/feed",
    "api/v1/realtime/presence",
    "api/v1/realtime/presence/join",
    "api/v1/realtime/presence/leave",
    "realtime/presence",
    "realtime/presence/join",
    "realtime/presence/leave",
    "api/v1/webhooks",
    "api/v1/kill-switch",
    "act",
    "api/v1/act",
    "api/v1/absences",
    "api/v1/approvals",
    "api/v1/attention",
    "api/v1/approvals/reviews",
    "api/v1/approvals/bulk",
    "api/v1/approvals/pending",
    "approvals/pending",
    "api/v1/inference/budget",
    "api/v1/inference/usage",
    "api/v1/meta",
    "api/v1/policies",
    "api/v1/policies/acts",
    "api/v1/policies/apply",
    "api/v1/policies/current",
    "api/v1/policies/diff",
    "api/v1/policies/drafts",
    "api/v1/policies/dry-run",
    "api/v1/policies/evaluate",
    "api/v1/policies/reload",
    "api/v1/policies/replay",
    "api/v1/policies/schema",
    "api/v1/policies/versions",
    "api/v1/policies/versions/<int:number>",
    "api/v1/specs",
    "api/v1/specs/diff",
    "api/v1/specs/export",
    "api/v1/specs/kinds",
    "api/v1/mirror",
    "api/v1/mirror/files",
    "api/v1/specs/search",
    "api/v1/specs/suspects",
    "api/v1/specs/suspects/clear",
    "api/v1/state",
    "api/v1/turn",
    "api/v1/mutations",
    "api/v1/mutations/propose",
    "mutations/propose",
    "api/v1/plans",
    "api/v1/plans/ideas",
    "dev/pr-from-plan",
    "meta",
    "plan",
    "plan/ideas",
    "plan/pr",
    "policy/apply",
    "policy/current",
    "policy/dry-run",
    "policy/reload",
    "api/v1/policies/templates",
    "api/v1/policies/templates/<str:name>",
    "api/v1/policies/render-from-template",
    "api/v1/policies/apply-from-template",
    "api/v1/policies/wizard",
    "policy/templates",
    "policy/templates/<str:name>",
    "policy/render-from-template",
    "policy/apply-from-template",
    "policy/wizard",
    "state",
    "turn",
}

ECHOING = {"act", "api/v1/act", "turn", "api/v1/turn"}
"""They answer what was said to them: here, an id in the place of a name."""

NAMED = {
    # Names a thing in the URL: for a stranger it does not exist.
    "api/v1/agents/<uuid:agent_id>",
    "api/v1/agents/<uuid:agent_id>/disable",
    "api/v1/agents/<uuid:agent_id>/enable",
    "api/v1/agents/<uuid:agent_id>/keys",
    "api/v1/api-keys/<uuid:key_id>/revoke",
    "api/v1/api-keys/<uuid:key_id>/rotate",
    "api/v1/absences/<uuid:absence_id>",
    "api/v1/approvals/<uuid:request_id>",
    "api/v1/approvals/<uuid:request_id>/attachments/<uuid:attachment_id>",
    "api/v1/approvals/<uuid:request_id>/break-glass",
    "api/v1/approvals/<uuid:request_id>/claim",
    "api/v1/approvals/<uuid:request_id>/comments",
    "api/v1/approvals/<uuid:request_id>/comments/<uuid:comment_id>/reopen",
    "api/v1/approvals/<uuid:request_id>/comments/<uuid:comment_id>/resolve",
    "api/v1/approvals/<uuid:request_id>/delegate",
    "api/v1/approvals/<uuid:request_id>/impact",
    "api/v1/approvals/<uuid:request_id>/reassign",
    "api/v1/approvals/<uuid:request_id>/review",
    "api/v1/approvals/<uuid:request_id>/snooze",
    "api/v1/approvals/<uuid:request_id>/unclaim",
    "api/v1/approvals/<uuid:request_id>/unsnooze",
    "api/v1/approvals/<uuid:request_id>/undo",
    "api/v1/approvals/<uuid:request_id>/votes",
    "api/v1/approvals/<uuid:request_id>/wait",
    "api/v1/approvals/<uuid:request_id>/withdraw",
    "api/v1/approvals/<uuid:request_id>/respond",
    "approvals/<uuid:request_id>/respond",
    "api/v1/invitations/<uuid:invitation_id>/resend",
    "api/v1/mutations/<uuid:proposal_id>",
    "api/v1/mutations/<uuid:proposal_id>/revert",
    "api/v1/mutations/<uuid:proposal_id>/revise",
    "api/v1/mutations/<uuid:proposal_id>/submit",
    "api/v1/mutations/<uuid:proposal_id>/withdraw",
    "api/v1/plans/<uuid:plan_id>",
    "api/v1/plans/<uuid:plan_id>/artifact",
    "api/v1/plans/<uuid:plan_id>/patch",
    "api/v1/plans/<uuid:plan_id>/pr",
    "api/v1/policies/acts/<uuid:act_id>",
    "api/v1/policies/acts/<uuid:act_id>/always-allow",
    "api/v1/policies/acts/<uuid:act_id>/explain",
    "api/v1/policies/drafts/<uuid:draft_id>",
    "api/v1/policies/drafts/<uuid:draft_id>/release",
    "api/v1/invitations/<uuid:invitation_id>/revoke",
    "api/v1/specs/<str:key>",
    "api/v1/specs/<str:key>/blame",
    "api/v1/specs/<str:key>/diff",
    "api/v1/specs/<str:key>/impact",
    "api/v1/specs/<str:key>/related",
    "api/v1/specs/<str:key>/suspects",
    "api/v1/specs/<str:key>/suspects/clear",
    "api/v1/specs/<str:key>/versions",
    "api/v1/specs/<str:key>/versions/<int:number>",
    "api/v1/workspaces/<uuid:workspace_id>",
    "api/v1/workspaces/<uuid:workspace_id>/archive",
    "api/v1/workspaces/<uuid:workspace_id>/export",
    "api/v1/workspaces/<uuid:workspace_id>/invitations",
    "api/v1/workspaces/<uuid:workspace_id>/leave",
    "api/v1/workspaces/<uuid:workspace_id>/members",
    "api/v1/workspaces/<uuid:workspace_id>/members/<uuid:user_id>",
    "api/v1/workspaces/<uuid:workspace_id>/transfer",
    "api/v1/workspaces/<uuid:workspace_id>/unarchive",
    "api/v1/webhooks/<uuid:webhook_id>",
    "api/v1/webhooks/<uuid:webhook_id>/rotate",
    "api/v1/webhooks/<uuid:webhook_id>/test",
    "api/v1/webhooks/<uuid:webhook_id>/deliveries",
    "api/v1/webhooks/<uuid:webhook_id>/deliveries/<uuid:message_id>",
    "api/v1/webhooks/<uuid:webhook_id>/deliveries/<uuid:message_id>/replay",
}

STREAMS = {
    # They do not end, so here only their beginning counts; tests/activity/live reads them.
    "api/v1/events",
    "api/v1/realtime/stream",
    "events",
    "realtime/stream",
}


@pytest.mark.row(11)
def test_every_route_is_listed(figures):
    listed = [*OPEN, *OWN, *NAMED, *STREAMS]
    assert sorted(listed) == MACHINE_ROUTES
    figures(
        f"{len(MACHINE_ROUTES)} routes of the API as {len(STRANGERS + REVOKED)} kinds of caller by "
        f"{len(METHODS)} methods, and {len(PAGE_ROUTES)} of pages as two: 0 tell of a tenant, 0 "
        "change anything of it; an unlisted route fails"
    )


# --- who looks


@pytest.fixture
def victim():
    return Tenant.new("canary")


def nobody(victim):
    return {}


def stranger(victim):
    return {"Authorization": f"Bearer {Tenant.new('stranger').key_of_owner()}"}


def stranger_with_token(victim):
    tokens = open_session(person=Tenant.new("stranger").owner)
    return {"Authorization": f"Bearer {tokens.access_token}"}


def stranger_who_names_the_workspace(victim):
    return {**stranger_with_token(victim), "X-Workspace-Id": str(victim.workspace.id)}


def strange_agent(victim):
    return {"X-API-Key": Tenant.new("stranger").agent_key}


def removed_member(victim):
    person = member(victim.workspace, Role.ADMIN)
    tokens = open_session(person=person)
    remove_member(workspace_id=victim.workspace.id, user_id=person.id, actor=victim.owner)
    return {
        "Authorization": f"Bearer {tokens.access_token}",
        "X-Workspace-Id": str(victim.workspace.id),
    }


def revoked_key(victim):
    key = victim.key_of_owner()
    ApiKey.objects.filter(user=victim.owner).update(revoked_at=victim.workspace.created_at)
    return {"X-API-Key": key}


def expired_key(victim):
    key = issue(victim.owner, victim.workspace, *Scope, expires_at=victim.workspace.created_at)
    return {"X-API-Key": key}


def disabled_person(victim):
    person = member(victim.workspace, Role.OWNER)
    tokens = open_session(person=person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    return {"Authorization": f"Bearer {tokens.access_token}"}


def agent_of_disabled_person(victim):
    person = member(victim.workspace, Role.OWNER)
    agent = agent_of(person, victim.workspace, Role.ADMIN)
    key = issue(agent, victim.workspace, *Scope)
    person.is_active = False
    person.save(update_fields=["is_active"])
    return {"X-API-Key": key}


STRANGERS = [
    stranger,
    stranger_with_token,
    stranger_who_names_the_workspace,
    strange_agent,
    removed_member,
]
REVOKED = [nobody, revoked_key, expired_key, disabled_person, agent_of_disabled_person]
EVERYWHERE = {stranger, nobody, revoked_key}
"""They try every route. Of the others, who differ in how they prove who they are, which is read in
one place, each tries its share."""


def tried_by(caller):
    """So that each route is tried by one of the others, too."""
    if caller in EVERYWHERE:
        return MACHINE_ROUTES
    others = [
        one for one in (STRANGERS if caller in STRANGERS else REVOKED) if one not in EVERYWHERE
    ]
    return MACHINE_ROUTES[others.index(caller) :: len(others)]


# --- what they do


@cache
def examples():
    """A sound body for each operation, as the description of the API has it."""
    found = {}
    description = openapi_description()
    for path, item in description["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                shown = content.get("example")
                if shown is None:
                    shown = next(iter(content["examples"].values()))["value"]
                found[method.upper(), path] = shown
    return found


def filled(route, victim):
    def value(found):
        name = found[1].rpartition(":")[2]
        assert name in victim.ids, f"tests/tenant.py does not know the {name} of {route}"
        return victim.ids[name]

    return "/" + re.sub(r"<([^>]+)>", value, route)


def pointed_at(body, victim):
    """The example, with the victim's ids where it has some."""
    return {name: victim.ids.get(name, value) for name, value in body.items()}


def ask(client, route, method, victim, headers):
    described = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
    return client.generic(
        method,
        filled(route, victim),
        json.dumps(pointed_at(examples().get((method, described), {}), victim)),
        content_type="application/json",
        headers=headers,
    )


def everything(victim):
    """Every row of the tenant, and whatever was recorded about it."""
    rows, canaries = {}, victim.canaries
    owned = [*apps.get_app_config("accounts").get_models()]
    owned += apps.get_app_config("activity").get_models()
    owned += apps.get_app_config("policies").get_models()
    owned += apps.get_app_config("plans").get_models()
    owned += apps.get_app_config("approvals").get_models()
    owned += apps.get_app_config("specs").get_models()
    for model in owned:
        if model is not apps.get_model("accounts", "IdempotencyKey"):
            found = map(str, rows_of(model, victim))
            rows[model.__name__] = sorted(
                row for row in found if any(canary in row for canary in canaries)
            )
    return rows, Event.objects.filter(workspace_id=victim.workspace.id).count()


def rows_of(model, victim):
    """Acts are kept with the name that whoever acted gave: here, an id of the tenant's."""
    rows = model._default_manager.values()
    return rows.filter(workspace=victim.workspace) if model.__name__ == "ActRecord" else rows


def written():
    """How many rows this transaction wrote, of whatever table, kept or not: while it is the same,
    nobody needs to look at everything."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables"
        )
        return cursor.fetchone()[0]


@contextmanager
def undone():
    """What one route does to the caller, the next one does not know."""
    start = transaction.savepoint()
    yield
    transaction.savepoint_rollback(start)


def walk(routes, victim, headers, expected):
    """These routes and all methods as one caller; what was wrong with the answers."""
    before, canaries, wrong = everything(victim), victim.canaries, []
    so_far = written()
    client = Client()  # one: each new one reads all middleware anew
    for route in routes:
        with undone():
            for method in METHODS:
                response = ask(client, route, method, victim, headers)
                page = "" if response.streaming else response.content.decode()
                said = f"{method} {route}: {response.status_code} {page[:300]}"
                told = page.replace(victim.ids["agent_id"], "") if route in ECHOING else page
                if any(canary in told for canary in canaries):
                    wrong.append(f"tells of the tenant: {said}")
                if not expected(route, method, response.status_code):
                    wrong.append(f"is not refused: {said}")
            if so_far != (so_far := written()) and everything(victim) != before:
                wrong.append(f"{route} changed something of the tenant's")
    return wrong


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
