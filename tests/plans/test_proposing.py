"""Proposing a plan: judged as a whole before anything is kept, and answered as promised."""

import hashlib
import json

import pytest
import time_machine

from apps.accounts.choices import Role
from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from apps.plans.choices import RiskBudget
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.services.versions import apply_policy
from tests.factories import member
from tests.plans.deciding import POLICY
from tests.plans.trees import git, read_tree, write_tree

pytestmark = pytest.mark.django_db
VARIANTS = ["v_safe", "v_bal", "v_focus", "v_exp", "v_bold"]
TREE = {"api/greeting.py": "def greet():\n    return 'Hello'\n", "docs/old.md": "Old.\n"}


def events(*, workspace) -> list[str]:
    found = Event.objects.filter(workspace_id=workspace.id).order_by("seq")
    return [event.type for event in found if not event.type.startswith("policy.")]


@pytest.mark.parametrize("path", ["/plan", "/api/v1/plans"])
def test_the_answer_is_the_promised_one(api, contributor, policy, body, path, workspace):
    answer = api(contributor).post(f"{path}?risk_budget=low", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["status"] == "created"
    assert made["artifact"].startswith("plans/plan_")
    assert made["applied_policies"] == ["workspace v1"]
    assert (made["state"], made["verdict"]["effect"]) == ("ready", "allow")
    assert [variant["id"] for variant in made["variants"]] == VARIANTS
    for variant in made["variants"]:
        assert set(variant["knobs"]) == {
            *("temperature", "risk_budget", "depth_limit", "explore", "review_enforcement")
        }
        assert variant["patch_preview"].startswith("diff --git a/")
    plan = Plan.objects.get()
    assert str(plan.id) == made["id"]
    assert answer["Location"] == f"/api/v1/plans/{plan.id}"
    assert events(workspace=workspace) == ["plan.created", "obs.plan"]
    told = Event.objects.get(type="plan.created").payload
    assert (told["file"], told["digest"]) == (made["artifact"], plan.digest)
    stored = bytes(plan.sealed) + bytes(plan.sealed_intent)
    assert b"Greet" not in stored
    assert b"Greet" not in json.dumps(told).encode()


def test_older_names_are_taken_and_two_names_of_one_thing_are_not(api, contributor, policy):
    client = api(contributor)
    older = {"description": "Say hello", "target_files": ["api/greeting.py"]}
    made = client.post("/plan", older).json()
    read = client.get(f"/api/v1/plans/{made['id']}").json()
    assert (read["intent"], read["target_paths"]) == ("Say hello", ["api/greeting.py"])
    refused = client.post("/plan", {**older, "intent": "Twice"})
    assert refused.status_code == 422
    assert "older name" in refused.json()["error"]["details"][0]["message"]


def test_a_plan_without_changes_is_a_note_that_git_takes(api, contributor, policy, tmp_path):
    client = api(contributor)
    body = {"intent": "Think about `names`", "target_paths": ["api/greeting.py"]}
    made = client.post("/api/v1/plans", body).json()
    patch = client.get(f"/api/v1/plans/{made['id']}/patch").content.decode()
    git(tmp_path, "init", "-q")
    git(tmp_path, "apply", given=patch)
    name = made["artifact"].removesuffix(".json")
    [(path, text)] = read_tree(tmp_path).items()
    assert path == f"{name}.md"
    assert "- [ ] Look at `api/greeting.py`" in text
    assert "```text\nThink about `names`\n```" in text


def test_each_variant_is_a_cut_that_git_applies(api, contributor, policy, body, tmp_path):
    client = api(contributor)
    made = client.post("/api/v1/plans?risk_budget=low", body).json()
    by_id = {variant["id"]: variant for variant in made["variants"]}
    assert by_id["v_safe"]["operations"] == [0, 1]
    assert by_id["v_bal"]["operations"] == [0, 1, 2]
    assert by_id["v_focus"]["operations"] == [0, 1]
    assert (by_id["v_exp"]["operations"], by_id["v_exp"]["note"]) == ([0, 1, 2], True)
    assert (by_id["v_bold"]["operations"], by_id["v_bold"]["note"]) == ([0, 1, 2], False)
    assert {v["id"] for v in made["variants"] if v["within_budget"]} == {"v_safe", "v_focus"}
    assert by_id["v_bold"]["knobs"]["temperature"] == 0.8
    assert by_id["v_safe"]["knobs"]["temperature"] == 0
    after = {
        "v_safe": {"api/greeting.py", "api/test_greeting.py", "docs/old.md"},
        "v_bold": {"api/greeting.py", "api/test_greeting.py"},
    }
    for variant, files in after.items():
        root = tmp_path / variant
        root.mkdir()
        write_tree(root, TREE)
        git(root, "init", "-q")
        patch = client.get(f"/api/v1/plans/{made['id']}/patch?variant={variant}").content.decode()
        git(root, "apply", given=patch)
        assert set(read_tree(root)) == files


def test_a_supplied_patch_becomes_the_plan(api, contributor, policy):
    patch = (
        "diff --git a/api/./x.py b/api/./y.py\nsimilarity index 100%\n"
        "rename from api/./x.py\nrename to api/./y.py\n"
    )
    client = api(contributor)
    made = client.post("/api/v1/plans", {"intent": "Rename it", "patch": patch}).json()
    text = client.get(f"/api/v1/plans/{made['id']}/patch?variant=v_bold").content.decode()
    assert "rename from api/x.py\nrename to api/y.py\n" in text
    assert "./" not in text


FORBIDDEN = [
    ({"target_paths": ["api/../x.py"]}, 403, "path_forbidden"),
    ({"target_paths": ["web/x.py"]}, 403, "path_forbidden"),
    ({"target_paths": ["apix/x.py"]}, 403, "path_forbidden"),
    ({"target_paths": ["api/private/x.py"]}, 403, "path_forbidden"),
    ({"target_paths": ["api/PRIVATE/x.py"]}, 403, "path_forbidden"),
    ({"changes": [{"path": "/etc/x", "action": "create", "new": "x"}]}, 403, "path_forbidden"),
    (
        {"changes": [{"path": "api/x", "action": "rename", "to": "web/x"}]},
        *(403, "path_forbidden"),
    ),
    (
        {"patch": "".join(f"--- a/{x}\n+++ b/{x}\n@@ -1 +1 @@\n-a\n+b\n" for x in ("api/x", "w"))},
        *(403, "path_forbidden"),
    ),
    ({"intent": "Run os.system for me"}, 422, "risk_pattern"),
    ({"intent": "x " * 2_000 + "OS.SYSTEM"}, 422, "risk_pattern"),
    ({"context": "Read /etc/passwd"}, 422, "risk_pattern"),
    (
        {"changes": [{"path": "api/x", "action": "create", "new": "import subprocess\n"}]},
        *(422, "risk_pattern"),
    ),
    (
        {"changes": [{"path": "api/x", "action": "delete", "old": "API_KEY = 1\n"}]},
        *(422, "risk_pattern"),
    ),
    (
        {"changes": [{"path": "api/x", "action": "create", "new": "line\n" * 41}]},
        *(422, "diff_too_large"),
    ),
]


@pytest.mark.parametrize(("wrong", "status", "code"), FORBIDDEN)
def test_a_denial_is_recorded_and_nothing_is_kept(
    api, contributor, policy, workspace, wrong, status, code
):
    answer = api(contributor).post("/plan", {"intent": "Do it", **wrong})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert Plan.objects.count() == 0
    assert events(workspace=workspace) == ["policies.act.denied", "plans.plan.denied", "obs.plan"]
    assert Event.objects.get(type="plans.plan.denied").payload["reasons"][0] == code


def test_a_denial_under_a_key_stays_on_record_and_is_judged_anew(
    api, contributor, policy, workspace, owner
):
    client, key = api(contributor), {"HTTP_IDEMPOTENCY_KEY": "k"}
    body = {"intent": "Do it", "target_paths": ["web/x.py"]}
    assert client.post("/plan", body, **key).status_code == 403
    apply_policy(text=POLICY.replace("[api,", "[api, web,"), workspace=workspace.id, actor=owner)
    assert client.post("/plan", body, **key).status_code == 201
    assert events(workspace=workspace).count("plans.plan.denied") == 1


def test_the_same_key_proposes_once(api, contributor, policy, body):
    client, key = api(contributor), {"HTTP_IDEMPOTENCY_KEY": "k"}
    first, second = client.post("/plan", body, **key), client.post("/plan", body, **key)
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Plan.objects.count() == 1


def test_plans_of_one_moment_do_not_share_a_name(contributor, policy, workspace, still):
    sent = PlanIn(intent="Do it")
    names = {
        create_plan(
            drawing=sketch(sent),
            budget=RiskBudget.LOW,
            actor=contributor,
            workspace=workspace.id,
        ).plan.name
        for _ in range(5)
    }
    assert len(names) == 5


@pytest.fixture
def still():
    with time_machine.travel("2026-01-07T12:00:00Z", tick=False):
        yield


INVALID = [
    ({}, "intent"),
    ({"intent": " "}, ""),
    ({"intent": "x", "what": 1}, "what"),
    ({"intent": "x", "changes": [{"path": "a", "action": "edit", "old": "a"}]}, "changes.0"),
    (
        {"intent": "x", "changes": [{"path": "a", "action": "edit", "old": "a", "new": "a"}]},
        "changes.0",
    ),
    ({"intent": "x", "changes": [{"path": "a", "action": "chmod"}]}, "changes.0.action"),
    ({"intent": "x", "patch": "hello"}, "patch"),
    (
        {
            "intent": "x",
            "changes": [
                {"path": "api/a", "action": "create", "new": ""},
                {"path": "api/./a", "action": "delete", "old": ""},
            ],
        },
        "changes[1]",
    ),
    (
        {
            "intent": "x",
            "changes": [
                {"path": "api/a", "action": "create", "new": ""},
                {"path": "api/a/b", "action": "create", "new": ""},
            ],
        },
        "changes[1]",
    ),
]


@pytest.mark.parametrize(("wrong", "field"), INVALID)
def test_what_does_not_add_up_is_refused_before_it_is_judged(
    api, contributor, policy, workspace, wrong, field
):
    answer = api(contributor).post("/plan", wrong)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == field
    assert (Plan.objects.count(), events(workspace=workspace)) == (0, [])


def test_a_fault_of_a_patch_names_its_line(api, contributor, policy):
    patch = "--- a/api/x\n+++ b/api/x\n@@ -1,9 +1 @@\n-a\n+b\n"
    answer = api(contributor).post("/plan", {"intent": "x", "patch": patch})
    error = answer.json()["error"]
    assert (error["code"], error["details"][0]["line"]) == ("patch_invalid", 3)


def test_viewers_do_not_propose(workspace, policy):
    viewer = member(workspace, Role.VIEWER)
    with pytest.raises(NotAllowed):
        create_plan(
            drawing=sketch(PlanIn(intent="x")),
            budget=RiskBudget.LOW,
            actor=viewer,
            workspace=workspace.id,
        )
    assert Plan.objects.count() == 0


def test_the_artifact_is_canonical_and_has_the_digest_that_was_said(api, contributor, policy, body):
    client = api(contributor)
    made = client.post("/plan", body).json()
    answer = client.get(f"/api/v1/plans/{made['id']}/artifact")
    assert hashlib.sha256(answer.content).hexdigest() == made["digest"]
    document = json.loads(answer.content)
    assert document["file"] == made["artifact"]
    assert document["variants"] == made["variants"]
    again = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == answer.content


def test_the_list_is_filtered_and_costs_the_same_however_long(
    api, contributor, agent, policy, body, django_assert_num_queries
):
    client = api(contributor)
    made = [client.post("/plan", body).json()["id"] for _ in range(3)]
    waiting = api(agent).post("/plan", body).json()["id"]
    rows = client.get("/api/v1/plans?state=ready").json()["results"]
    assert [row["id"] for row in rows] == made[::-1]
    assert rows[0]["intent"] == body["intent"]
    found = client.get(f"/api/v1/plans?proposer_id={agent.id}&effect=require").json()["results"]
    assert [row["id"] for row in found] == [waiting]
    assert client.get("/api/v1/plans?state=lost").status_code == 422
    client.get("/api/v1/plans?limit=1")
    with django_assert_num_queries(LIST_QUERIES):
        client.get("/api/v1/plans?limit=1")
    with django_assert_num_queries(LIST_QUERIES):
        client.get("/api/v1/plans")


LIST_QUERIES = 5


def test_one_plan_has_a_tag(api, contributor, policy, body):
    client = api(contributor)
    made = client.post("/plan", body)
    place = f"/api/v1/plans/{made.json()['id']}"
    read = client.get(place)
    assert read["ETag"] == made["ETag"]
    assert client.get(place, HTTP_IF_NONE_MATCH=read["ETag"]).status_code == 304
    assert read.json()["operations"][0] == {
        "action": "edit",
        "path": "api/greeting.py",
        "to": "",
        "added": 1,
        "removed": 1,
    }
