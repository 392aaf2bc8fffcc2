"""Ideas come from what the workspace has: denials, plans that wait, policies without tests."""

import pytest

from apps.policies.services.drafts import draft_policy
from apps.policies.services.versions import apply_policy
from tests.plans.deciding import POLICY

pytestmark = pytest.mark.django_db
TESTED = """
tests:
  - name: nothing outside
    act: {kind: plan, operations: [{verb: edit, paths: [web/x]}]}
    expect: {effect: deny}
"""


def ideas(client, kind=None):
    found = client.get("/plan/ideas").json()["ideas"]
    return [idea for idea in found if kind in (None, idea["kind"])]


def create(path, lines):
    return {"path": path, "action": "create", "new": "line\n" * lines}


def test_what_was_too_large_is_split_into_parts_that_would_pass(api, contributor, policy):
    client = api(contributor)
    changes = [create("api/a", 30), create("api/b", 20), create("api/c", 10), create("api/d", 50)]
    assert client.post("/plan", {"intent": "x", "changes": changes}).status_code == 422
    [idea] = ideas(client, "split")
    assert idea["suggestion"] == {
        "parts": [
            {"lines": 30, "target_paths": ["api/a"]},
            {"lines": 30, "target_paths": ["api/b", "api/c"]},
        ],
        "too_large_by_themselves": ["api/d"],
    }
    for part in idea["suggestion"]["parts"]:
        kept = [change for change in changes if change["path"] in part["target_paths"]]
        assert client.post("/plan", {"intent": "x", "changes": kept}).status_code == 201


def test_what_lies_outside_is_left_out(api, contributor, policy):
    client = api(contributor)
    changes = [create("api/a", 1), create("web/b", 1)]
    assert client.post("/plan", {"intent": "x", "changes": changes}).status_code == 403
    [idea] = ideas(client, "stay_inside")
    assert idea["suggestion"]["target_paths"] == ["api/a"]
    assert [left["path"] for left in idea["suggestion"]["leave_out"]] == ["web/b"]


def test_what_the_gate_found_is_named_with_its_line(api, contributor, policy):
    client = api(contributor)
    client.post("/plan", {"intent": "x", "context": "fine\nuse os.system here"})
    [idea] = ideas(client, "reword")
    assert idea["suggestion"]["places"] == [{"field": "context", "line": 2, "found": "command"}]


def test_whoever_may_decide_is_told_and_others_are_sent_to_them(
    api, agent, owner, reviewer, policy, body
):
    made = api(agent).post("/plan", body).json()
    request = made["approval"]["id"]
    [mine], [theirs] = ideas(api(reviewer), "decide"), ideas(api(owner), "decide")
    assert mine["suggestion"]["path"] == f"/api/v1/approvals/{request}"
    assert theirs["about"] == {"plan": made["id"], "approval": request}
    assert theirs["suggestion"] == {}
    assert theirs["title"].startswith("Ask somebody")


def test_what_nobody_exported_is_named_until_somebody_does(api, contributor, policy, body):
    client = api(contributor)
    client.post("/plan", body)
    [idea] = ideas(client, "export")
    assert client.post(idea["suggestion"]["path"], {"variant_id": "v_bold"}).status_code == 200
    assert ideas(client, "export") == []


def test_policies_and_drafts_without_tests_are_named(api, owner, policy, workspace):
    client = api(owner)
    draft = draft_policy(text=POLICY + "# more\n", workspace=workspace.id, actor=owner)
    assert [idea["about"] for idea in ideas(client, "test_draft")] == [{"draft": str(draft.id)}]
    assert len(ideas(client, "test_policy")) == 1
    apply_policy(text=POLICY + TESTED, workspace=workspace.id, actor=owner)
    assert ideas(client, "test_policy") == []


def test_of_what_others_were_denied_only_those_who_decide_hear(
    api, owner, contributor, agent, policy
):
    api(owner).post("/plan", {"intent": "x", "context": "use os.system here"})
    assert len(ideas(api(owner), "reword")) == 1
    assert ideas(api(contributor)) == [
        idea for idea in ideas(api(contributor)) if "act" not in idea["about"]
    ]


def test_ideas_cost_the_same_however_many(
    api, contributor, agent, policy, body, django_assert_num_queries
):
    client = api(contributor)

    def one_of_each():
        client.post("/plan", {"intent": "x", "changes": [create("web/b", 1), create("api/b", 1)]})
        client.post("/plan", body)
        api(agent).post("/plan", body)

    one_of_each()
    ideas(client)
    with django_assert_num_queries(QUERIES):
        ideas(client)
    one_of_each()
    with django_assert_num_queries(QUERIES):
        ideas(client)


QUERIES = 17
