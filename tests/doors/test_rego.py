"""Rego, which may be far away, is asked while no transaction is open, through whatever door."""

import pytest
from django.db import connections
from rest_framework.test import APIClient

from apps.accounts.choices import Role, Scope
from apps.plans.choices import RiskBudget
from apps.plans.schemas import PlanIn
from apps.plans.services.exporting import PullWanted, propose_pull
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.services.observing import take_act, take_turn
from apps.policies.services.versions import apply_policy
from tests.factories import WorkspaceFactory, issue, member
from tests.policies.opa import serving

FREE = 'version: "1"\nallowed_dirs: [docs, plans]\ndefault: {then: {allow: true}}\n'
ANOTHER = FREE + "description: another\n"
IN_A_FILE = FREE + "description: in a file\n"
PLAN = {"intent": "Write it down", "target_paths": ["docs/a.md"]}
GOAL = {"op": "create", "kind": "goal", "title": "Customers come back"}
DOORS = [
    ("/plan", PLAN, 201),
    ("/plan/pr", PLAN, 200),
    ("/plan/pr", {**PLAN, "dry_run": True}, 200),
    ("/mutations/propose", {"operations": [GOAL]}, 201),
    ("/api/v1/mutations", {"operations": [GOAL], "dry_run": True}, 200),
    ("/act", {"agent_id": "bot", "action": "write", "payload": {}}, 200),
    ("/turn", {"agent_id": "bot", "input": "Hello"}, 200),
    ("/policy/apply", {"content": ANOTHER}, 200),
    ("/policy/reload", {"path": "policy.yaml"}, 200),
    ("/policy/apply-from-template", {"name": "team"}, 200),
]


class Witness:
    """Looks, from a connection of its own, whenever Rego is asked."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def __call__(self) -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
                " AND backend_type = 'client backend'"
            )
            self.seen.append(cursor.fetchone()[0])
        connections.close_all()


@pytest.fixture
def witness(committed_database, unhurried, settings):
    with serving() as opa:
        settings.OPA_ENABLE, settings.OPA_URL, settings.OPA_POLICY_DIR = True, opa.url, None
        settings.OPA_TIMEOUT = 5
        opa.meanwhile = Witness()
        yield opa.meanwhile


@pytest.fixture
def workspace(witness):
    return WorkspaceFactory.create()


@pytest.fixture
def owner(workspace):
    made = member(workspace, Role.OWNER)
    apply_policy(text=FREE, workspace=workspace.id, actor=made)
    return made


@pytest.fixture
def client(workspace, owner, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    (tmp_path / str(workspace.id)).mkdir()
    (tmp_path / str(workspace.id) / "policy.yaml").write_text(IN_A_FILE)
    made = APIClient()
    made.credentials(HTTP_X_API_KEY=issue(owner, workspace, *Scope))
    return made


def test_every_door_asks_before_its_transaction_also_under_a_key(client, witness):
    for number, (path, body, status) in enumerate(DOORS):
        for key in ({}, {"HTTP_IDEMPOTENCY_KEY": f"door-{number}"}):
            witness.seen.clear()
            answer = client.post(path, body, format="json", **key)
            if path.startswith("/policy/apply") and key:
                assert answer.json()["error"]["code"] == "policy_unchanged"
            else:
                assert answer.status_code == status, (path, answer.content)
            assert (path, witness.seen) == (path, [0])


def test_releasing_a_draft_asks_before_its_transaction(client, witness):
    for number in (1, 2):
        made = client.post(
            "/api/v1/policies/drafts", {"content": f"{FREE}description: v{number}\n"}, format="json"
        )
        key = {"HTTP_IDEMPOTENCY_KEY": "release"} if number == 2 else {}
        witness.seen.clear()
        answer = client.post(f"{made['Location']}/release", HTTP_IF_MATCH=made["ETag"], **key)
        assert answer.status_code == 200, answer.content
        assert witness.seen == [0]


def test_so_do_services_that_were_handed_no_hearing(workspace, owner, witness):
    sent, who = PlanIn.model_validate(PLAN), {"actor": owner, "workspace": workspace.id}
    wanted = PullWanted(variant_id="v_bal")
    for work in (
        lambda: create_plan(drawing=sketch(sent), budget=RiskBudget.LOW, **who),
        lambda: propose_pull(drawing=sketch(sent), budget=RiskBudget.HIGH, wanted=wanted, **who),
        lambda: take_act(agent_id="bot", action="write", payload={}, **who),
        lambda: take_turn(agent_id="bot", text="Hello", **who),
    ):
        witness.seen.clear()
        work()
        assert witness.seen == [0]
