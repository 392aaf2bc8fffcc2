"""An agent in a process of its own, over HTTP: killed while it waits, it still gets its outcome."""

import json
import os
import subprocess
import sys

import httpx
import pytest

from apps.accounts.choices import Role, Scope
from apps.approvals.models.requests import ApprovalRequest
from apps.plans.models import Plan
from apps.policies.services.versions import apply_policy
from config.env import ROOT
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.serving import serving
from tests.waiting import eventually

ASKING = 'version: "1"\nallowed_dirs: [docs, plans]\n'
SENT = {
    "intent": "Write it down",
    "changes": [{"path": "docs/a.md", "action": "create", "new": "It is so.\n"}],
}


@pytest.fixture
def site(machine, settings, tmp_path):
    shared = {
        "DATABASE_URL": machine.environment["DATABASE_URL"],
        "REDIS_URL": machine.environment["REDIS_URL"],
        "LATTICE_MASTER_KEYS": ",".join(settings.MASTER_KEYS),
    }
    machine.run("relay", "manage.py", "relay", **shared)
    machine.worker(**shared)
    with serving("uvicorn", tmp_path / "web.log", **shared) as web:
        yield web


@pytest.mark.parametrize(
    ("decision", "code"), [("approve", 0), ("reject", 2), ("request_changes", 3)]
)
def test_an_agent_that_is_killed_while_it_waits_resumes(site, tmp_path, decision, code):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    reviewer, agent = member(workspace, Role.REVIEWER), agent_of(owner, workspace)
    apply_policy(text=ASKING, workspace=workspace.id, actor=owner)
    key = issue(agent, workspace, Scope.READ, Scope.WRITE)
    (tmp_path / "plan.json").write_text(json.dumps(SENT))
    said = tmp_path / "agent.log"

    def start():
        with said.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, str(ROOT / "demo/agent.py"), "plan.json"],
                cwd=tmp_path,
                env=os.environ | {"LATTICE_URL": site.url, "LATTICE_KEY": key},
                stderr=log,
            )

    first = start()
    eventually(lambda: "waiting for" in said.read_text(), what="the agent waits")
    first.kill()
    first.wait()
    [request] = ApprovalRequest.objects.all()
    assert json.loads((tmp_path / "agent.json").read_text())["request"] == str(request.id)
    voter = issue(reviewer, workspace, *Scope)
    second = start()
    eventually(lambda: said.read_text().count("waiting for") == 2, what="it waits again")
    answer = httpx.post(
        f"{site.url}/api/v1/approvals/{request.id}/votes",
        json={"decision": decision, "digest": request.view_digest, "comment": "So be it."},
        headers={"X-API-Key": voter},
        timeout=60,
    )
    assert answer.is_success, answer.text
    try:
        assert second.wait(60) == code, said.read_text()
    finally:
        second.kill()
    plan = Plan.objects.get()
    states = {0: "released", 2: "refused", 3: "refused"}
    eventually(lambda: Plan.objects.get().state == states[code], what="the worker did its part")
    assert (tmp_path / "plan.patch").exists() == (code == 0)
    assert "So be it." in said.read_text()
    if code == 3:
        assert f"{reviewer.name} asks for: So be it." in said.read_text()
        assert f'"follows": "{request.id}"' in said.read_text()
    if code == 0:
        assert "+It is so." in (tmp_path / "plan.patch").read_text()
        assert plan.exported_at is not None
