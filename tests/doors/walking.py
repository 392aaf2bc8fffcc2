"""Along the routes as one caller, who tries every method: what is told, and what is changed."""

import json
import re
from contextlib import contextmanager
from functools import cache

from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from apps.common.api.documents import describe_api
from apps.ledger.models import Event
from tests.doors.listed import ECHOING

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@cache
def examples():
    """A sound body for each operation, as the description of the API has it."""
    found = {}
    description = describe_api()
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
