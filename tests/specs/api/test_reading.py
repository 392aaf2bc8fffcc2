"""Proposals listed and read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.deliveries import deliver
from tests.specs.graphs import node, plant

MUTATIONS = "/api/v1/mutations"


def titles(answer):
    assert answer.status_code == 200, answer.content
    return [each["title"] for each in answer.json()["results"]]


@pytest.fixture
def proposed(by_agent, by_person, edit):
    """An edit that waits, and a new title of another spec that was applied."""
    titled = {"op": "update", "target": "GOAL-1", "changes": {"title": "Happy customers"}}
    by_person.post(MUTATIONS, {"title": "Name the goal", "operations": [titled]})
    deliver()
    return by_agent.post(MUTATIONS, edit).json()


def test_they_are_found_by_state_risk_proposer_and_spec(by_agent, proposed, agent, specs):
    assert titles(by_agent.get(MUTATIONS, {"state": "in_review"})) == ["Refund sooner"]
    assert titles(by_agent.get(MUTATIONS, {"proposer": str(agent.id)})) == ["Refund sooner"]
    assert titles(by_agent.get(MUTATIONS, {"risk": "critical"})) == []
    for name in ("goal-1", str(specs["GOAL-1"].id)):
        assert titles(by_agent.get(MUTATIONS, {"touching": name})) == ["Name the goal", "Planted"]
    unknown = by_agent.get(MUTATIONS, {"touching": "REQ-404"})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "spec_missing")


def test_a_key_that_a_spec_had_finds_it(by_agent, proposed, workspace):
    plant(workspace, [node("REQ-1", renamed="REQ-100")])
    for key in ("REQ-1", "req-100"):
        assert "Refund sooner" in titles(by_agent.get(MUTATIONS, {"touching": key}))


def test_they_come_in_pages_and_in_order(by_agent, proposed):
    first = by_agent.get(MUTATIONS, {"limit": 1, "ordering": "id"}).json()
    assert [each["title"] for each in first["results"]] == ["Planted"]
    following = {"limit": 1, "ordering": "id", "cursor": first["next_cursor"]}
    assert titles(by_agent.get(MUTATIONS, following)) == ["Name the goal"]
    assert titles(by_agent.get(MUTATIONS)) == ["Refund sooner", "Name the goal", "Planted"]
    wrong = by_agent.get(MUTATIONS, {"state": "asleep"})
    assert wrong.status_code == 422


def test_a_list_takes_as_many_queries_however_long_it_is(by_agent, proposed, edit):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert by_agent.get(MUTATIONS).status_code == 200
        return len(asked)

    few = queries()
    for _ in range(3):
        by_agent.post(MUTATIONS, edit)
    assert queries() == few


def test_one_is_read_once(by_agent, proposed):
    path = f"{MUTATIONS}/{proposed['id']}"
    answer = by_agent.get(path)
    assert answer.json() == proposed
    again = by_agent.get(path, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    with CaptureQueriesContext(connection) as asked:
        by_agent.get(path)
    assert len(asked) <= 12


def test_what_was_applied_says_by_whom_it_was_written(by_agent, proposed, contributor):
    [row] = by_agent.get(MUTATIONS, {"proposer": str(contributor.id)}).json()["results"]
    read = by_agent.get(f"{MUTATIONS}/{row['id']}").json()
    assert read["revision"]["authors"] == [str(contributor.id)]
    assert (row["state"], read["verdict"]["effect"]) == ("applied", "allow")


def test_what_becomes_of_one_is_told_to_those_who_follow(by_agent, proposed):
    events = by_agent.get("/api/v1/realtime/feed").json()["events"]
    [told] = [each for each in events if each["payload"].get("proposal") == proposed["id"]]
    assert (told["type"], told["area"]) == ("specs.proposal.submitted", "graph")
    assert told["payload"]["keys"] == ["REQ-1"]
    assert told["text"]
