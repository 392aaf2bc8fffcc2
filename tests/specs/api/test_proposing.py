"""Proposing over HTTP: what is answered to what, and what is kept of it."""

import pytest

from apps.accounts.choices import Scope
from apps.approvals.models.requests import ApprovalRequest
from apps.common.ids import uuid7
from apps.ledger.models import Event, KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.specs.models.graph import KeyCounter, Node
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver

MUTATIONS = "/api/v1/mutations"


def told(workspace):
    found = Event.objects.filter(workspace_id=workspace.id, type__startswith="specs.")
    return list(found.order_by("seq").values_list("type", flat=True))


def error(answer):
    return answer.json()["error"]


def test_what_an_agent_proposes_waits_for_people(by_agent, edit, specs, agent, workspace):
    answer = by_agent.post(MUTATIONS, edit)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    proposal, request = Proposal.objects.get(id=made["id"]), ApprovalRequest.objects.get()
    assert (made["state"], made["proposer_id"]) == ("in_review", str(agent.id))
    assert made["approval"] == {
        "id": str(request.id),
        "state": "pending",
        "outcome": None,
        "view_digest": request.view_digest,
    }
    assert made["digest"] == request.view_digest
    assert made["content_digest"] == proposal.content_digest
    assert made["verdict"]["effect"] == "require"
    assert made["verdict"]["stages"] == ["review"]
    assert made["verdict"]["risk"]["level"] == proposal.risk_level
    assert made["overlaps"] == made["conflicts"] == []
    [operation] = made["operations"]
    assert (operation["target"], operation["base"]) == ("REQ-1", 1)
    assert operation["node"] == str(specs["REQ-1"].id)
    assert "-The shop SHALL pay back within 30 days.\n+" in operation["patch"]
    assert answer["Location"] == f"{MUTATIONS}/{made['id']}"
    read = by_agent.get(answer["Location"])
    assert (read.json(), read["ETag"]) == (made, answer["ETag"])
    assert told(workspace) == ["specs.proposal.submitted"]


def test_what_needs_nobody_is_applied(by_person, edit, specs):
    made = by_person.post(MUTATIONS, edit).json()
    assert (made["state"], made["approval"]) == ("queued", None)
    assert made["digest"] == made["content_digest"]
    deliver()
    after = by_person.get(f"{MUTATIONS}/{made['id']}").json()
    assert (after["state"], after["revision"]["number"]) == ("applied", 2)
    assert after["revision"]["authors"] == [made["proposer_id"]]
    assert Node.objects.get(key="REQ-1").body == "The shop SHALL pay back within 14 days.\n"


def test_a_denial_is_kept_and_says_why(by_person, specs, workspace):
    wanted = {"op": "update", "target": "REQ-9", "changes": {"title": "Charge twice"}}
    answer = by_person.post(MUTATIONS, {"title": "Earn more", "operations": [wanted]})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["state"], made["approval"]) == ("policy_denied", None)
    assert made["verdict"]["effect"] == "deny"
    assert made["verdict"]["reasons"] == ["policy_denied"]
    assert "not ours to change" in made["verdict"]["denials"][0]["message"]
    assert by_person.get(answer["Location"]).json() == made
    assert "specs.proposal.denied" in told(workspace)


def test_what_a_check_finds_is_in_the_answer(by_person, specs):
    wanted = [{"op": "delete", "target": "GOAL-1"}]
    made = by_person.post(MUTATIONS, {"operations": wanted}).json()
    assert made["state"] == "invalid"
    finding = next(each for each in made["findings"] if each["severity"] == "error")
    assert finding["message"]
    assert finding["operation"] == 0
    assert by_person.get(f"{MUTATIONS}/{made['id']}").json()["findings"] == made["findings"]


def test_a_base_that_was_changed_otherwise_is_shown_from_three_sides(by_person, edit, specs):
    by_person.post(MUTATIONS, edit)
    deliver()
    mine = {"op": "edit", "target": "REQ-1", "base": 1, "old": "30 days", "new": "a week"}
    made = by_person.post(MUTATIONS, {"operations": [mine]}).json()
    assert made["state"] == "conflicted"
    [conflict] = made["conflicts"]
    assert (conflict["operation"], conflict["field"]) == (0, "body")
    assert "30 days" in str(conflict["base"])
    assert "14 days" in str(conflict["theirs"])
    assert "a week" in str(conflict["ours"])


def test_a_dry_run_answers_the_same_and_keeps_nothing(by_agent, edit, specs, workspace):
    creation = {"op": "create", "kind": "requirement", "title": "Mail", "body": "It SHALL mail.\n"}
    wanted = {**edit, "operations": [*edit["operations"], creation]}
    before = Event.objects.count()
    answer = by_agent.post(MUTATIONS, {**wanted, "dry_run": True})
    assert answer.status_code == 200
    tried = answer.json()
    assert (tried["id"], tried["state"], tried["approval"]) == (None, "in_review", None)
    assert Event.objects.count() == before
    assert not Proposal.objects.filter(title=edit["title"]).exists()
    assert not KeyCounter.objects.filter(workspace=workspace).exists()
    made = by_agent.post(MUTATIONS, wanted).json()
    assert made["verdict"] == tried["verdict"]
    assert [each["target"] for each in made["operations"]] == [
        each["target"] for each in tried["operations"]
    ]


def test_others_that_touch_the_same_are_named(by_agent, by_person, edit, specs):
    first = by_agent.post(MUTATIONS, edit).json()
    wanted = {"op": "update", "target": "req-1", "changes": {"title": "Refunds, soon"}}
    second = by_agent.post(MUTATIONS, {"title": "Title", "operations": [wanted]}).json()
    assert second["overlaps"] == [
        {"id": first["id"], "title": "Refund sooner", "state": "in_review", "keys": ["REQ-1"]}
    ]


WRONG = [
    ({}, "operations"),
    ({"operations": {}}, "operations"),
    ({"operations": []}, "operations"),
    ({"operations": [{"op": "paint", "target": "REQ-1"}]}, "operations.0.op"),
    ({"operations": [{"op": "delete", "target": "REQ-404"}]}, "operations.0.target"),
    (
        {"operations": [{"op": "update", "target": "REQ-1", "changes": {"colour": "red"}}]},
        "operations.0.changes.colour",
    ),
    (
        {
            "operations": [
                {"op": "update", "target": "REQ-1", "changes": {"title": "Fine"}},
                {"op": "edit", "target": "REQ-1", "patch": "@@ -1 +1 @@\n-Nothing\n+Else\n"},
            ]
        },
        "operations.1.patch",
    ),
    ({"operations": [{"op": "delete", "target": "REQ-1"}], "by": "me"}, "by"),
    ({"operations": [{"op": "delete", "target": "REQ-1"}], "title": "two\nlines"}, "title"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
def test_what_does_not_add_up_is_refused_by_operation_and_field(
    by_person, specs, workspace, body, field
):
    before = Proposal.objects.count()
    answer = by_person.post(MUTATIONS, body)
    assert answer.status_code == 422, answer.content
    assert error(answer)["code"] in ("operations_invalid", "invalid")
    details = error(answer)["details"]
    assert field in [each["field"] for each in details]
    assert all(each["message"] for each in details)
    assert Proposal.objects.count() == before
    assert told(workspace) == []


def test_the_same_key_proposes_once(by_agent, specs):
    creation = {"op": "create", "kind": "requirement", "key": "REQ-77", "title": "Once"}
    body, key = {"operations": [creation]}, {"HTTP_IDEMPOTENCY_KEY": "once"}
    first, second = by_agent.post(MUTATIONS, body, **key), by_agent.post(MUTATIONS, body, **key)
    assert (first.status_code, first.json()) == (201, second.json())
    assert second["Idempotent-Replayed"] == "true"
    assert ApprovalRequest.objects.count() == 1
    other = by_agent.post(MUTATIONS, {**body, "title": "Another"}, **key)
    assert other.status_code == 422


def test_numbers_go_only_where_something_is_kept(by_agent, specs):
    def created(body, **more):
        creation = {"op": "create", "kind": "task", "title": "Anew"} | more
        return {"operations": [creation, creation | {"title": "And again"}]} | body

    def keys(answer):
        return [each["target"] for each in answer.json()["operations"]]

    first = by_agent.post(MUTATIONS, created({}), HTTP_IDEMPOTENCY_KEY="once")
    assert keys(first) == ["TASK-1", "TASK-2"]
    again = by_agent.post(MUTATIONS, created({}), HTTP_IDEMPOTENCY_KEY="once")
    other = by_agent.post(MUTATIONS, created({"title": "B"}), HTTP_IDEMPOTENCY_KEY="once")
    wrong = by_agent.post(MUTATIONS, created({}, owner=str(uuid7())))
    tried = by_agent.post(MUTATIONS, created({"dry_run": True}))
    answers = [answer.status_code for answer in (again, other, wrong, tried)]
    assert answers == [201, 422, 422, 200]
    later = by_agent.post(MUTATIONS, created({}))
    assert keys(later) == ["TASK-3", "TASK-4"]


def test_a_retry_is_answered_the_same_also_after_it_was_applied(by_person, specs):
    creation = {"op": "create", "kind": "requirement", "key": "REQ-77", "title": "Once"}
    body, key = {"operations": [creation]}, {"HTTP_IDEMPOTENCY_KEY": "once"}
    first = by_person.post(MUTATIONS, body, **key).json()
    deliver()
    assert Node.objects.filter(key="REQ-77").exists()
    assert by_person.post(MUTATIONS, body, **key).json() == first


def test_a_key_that_reads_proposes_nothing(api, agent, edit, specs):
    reading = api(agent, Scope.READ)
    assert reading.post(MUTATIONS, edit).status_code == 403
    assert reading.get(MUTATIONS).status_code == 200
    assert not ApprovalRequest.objects.exists()


def test_the_kill_switch_stops_proposing_and_lets_taking_back_pass(by_agent, edit, specs, owner):
    made = by_agent.post(MUTATIONS, edit).json()
    KillSwitch.objects.create(workspace_id=EVERYWHERE, reason="drill", pulled_by=owner.id)
    for path, body in ((MUTATIONS, edit), (f"{MUTATIONS}/{made['id']}/revise", edit)):
        stopped = by_agent.post(path, body)
        assert (stopped.status_code, error(stopped)["code"]) == (503, "kill_switch")
    withdrawn = by_agent.post(f"{MUTATIONS}/{made['id']}/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
