"""The short door that the founding documents promise."""

import pytest

from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver

PATHS = ["/mutations/propose", "/api/v1/mutations/propose"]
SHORT = {
    "spec_id": "REQ-1",
    "operation_type": "update",
    "changes": {"field": "title", "value": "Refunds within 14 days"},
    "initiated_by": "user-42",
}


@pytest.mark.parametrize("path", PATHS)
def test_the_promised_body_is_one_update(by_agent, agent, specs, path):
    answer = by_agent.post(path, SHORT)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert set(made) >= {"id", "state", "digest", "verdict", "overlaps", "approval"}
    assert set(made["verdict"]) >= {"effect", "risk", "reasons"}
    assert made["state"] == "in_review"
    [operation] = made["operations"]
    assert (operation["op"], operation["target"]) == ("update", "REQ-1")
    assert (operation["before"], operation["after"]) == (
        {"title": "Refunds"},
        {"title": "Refunds within 14 days"},
    )
    assert made["title"]


def test_who_proposes_is_whose_credential_it_is(by_agent, agent, owner, specs):
    made = by_agent.post(PATHS[0], {**SHORT, "initiated_by": str(owner.id)}).json()
    assert made["proposer_id"] == str(agent.id)
    assert str(owner.id) not in str(made)


FIELDS = [
    ("body", "The shop SHALL pay at once.\n", lambda node: node.body),
    ("status", "retired", lambda node: node.status),
    ("labels", ["money"], lambda node: node.labels),
    ("attributes.priority", "must", lambda node: node.attributes["priority"]),
    ("attributes", {"risk": 3}, lambda node: node.attributes),
]


@pytest.mark.parametrize(("field", "value", "read"), FIELDS)
def test_each_field_comes_to_be_what_was_said(by_person, specs, field, value, read):
    body = {**SHORT, "changes": {"field": field, "value": value}}
    assert by_person.post(PATHS[0], body).json()["state"] == "queued"
    deliver()
    assert read(Node.objects.get(key="REQ-1")) == value


WRONG = [
    ({"spec_id": "REQ-404"}, "spec_id"),
    ({"operation_type": "explode"}, "operation_type"),
    ({"changes": {"field": "colour", "value": "red"}}, "changes.field"),
    ({"changes": {"field": "status", "value": "gone"}}, "changes.value"),
    ({"changes": {"field": "attributes.", "value": 1}}, "changes.field"),
    ({"changes": {"value": 1}}, "changes.field"),
    ({"spec_id": None}, "spec_id"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_faults_are_named_as_they_were_sent(by_person, specs, wrong, field):
    answer = by_person.post(PATHS[0], {**SHORT, **wrong})
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json()["error"]["details"]]
    assert not Proposal.objects.filter(title__contains="REQ").exists()


def test_it_takes_a_whole_proposal_too(by_agent, edit):
    made = by_agent.post(PATHS[0], edit)
    assert (made.status_code, made.json()["title"]) == (201, edit["title"])
    wrong = {"operations": [{"op": "delete", "target": "REQ-404"}]}
    details = by_agent.post(PATHS[0], wrong).json()["error"]["details"]
    assert [each["field"] for each in details] == ["operations.0.target"]


def test_it_can_be_tried_first(by_agent, specs):
    answer = by_agent.post(PATHS[0], {**SHORT, "dry_run": True})
    assert (answer.status_code, answer.json()["id"]) == (200, None)


def test_the_same_key_proposes_once(by_agent, specs):
    key = {"HTTP_IDEMPOTENCY_KEY": "once"}
    first, second = (by_agent.post(PATHS[0], SHORT, **key).json() for _ in range(2))
    assert first == second
