"""Doubtful links over HTTP."""

import pytest

from apps.accounts.choices import Role, Scope
from tests.factories import issue, member
from tests.specs.graphs import doubt, node, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(workspace):
    return member(workspace, Role.CONTRIBUTOR)


@pytest.fixture
def graph(workspace, keeper):
    nodes = [node("GOAL-1"), node("REQ-1", owner_id=keeper.id), node("REQ-2")]
    links = ["REQ-1 refines GOAL-1", "REQ-2 refines GOAL-1"]
    planted = plant(workspace, nodes, links)
    doubt(workspace, *links)
    return planted


@pytest.fixture
def doubtful(api, owner, graph):
    def told(path="/suspects"):
        rows = api(owner).get(f"/api/v1/specs{path}").json()["results"]
        return sorted(f"{row['spec']['key']} {row['link']} {row['cause']['key']}" for row in rows)

    return told


def test_they_are_listed(doubtful, keeper):
    assert doubtful() == ["REQ-1 refines GOAL-1", "REQ-2 refines GOAL-1"]
    assert doubtful("/REQ-1/suspects") == ["REQ-1 refines GOAL-1"]
    assert doubtful("/GOAL-1/suspects") == []
    assert doubtful(f"/suspects?owner={keeper.id}") == ["REQ-1 refines GOAL-1"]


def test_the_owner_clears_them_and_again_nothing(api, keeper, doubtful):
    client = api(keeper)
    cleared = [client.post("/api/v1/specs/req-1/suspects/clear", {}).json() for _ in range(2)]
    assert cleared == [{"cleared": 1}, {"cleared": 0}]
    assert doubtful() == ["REQ-2 refines GOAL-1"]


def test_of_other_causes_nothing_is_cleared(api, keeper, doubtful):
    client = api(keeper)
    path = "/api/v1/specs/REQ-1/suspects/clear"
    assert client.post(path, {"causes": ["REQ-2"]}).json() == {"cleared": 0}
    assert client.post(path, {"causes": ["REQ-9"]}).status_code == 404
    assert client.post(path, {"causes": "GOAL-1"}).status_code == 422
    assert len(doubtful()) == 2
    assert client.post(path, {"causes": ["goal-1"]}).json() == {"cleared": 1}


def test_who_decides_clears_several_at_once(api, reviewer, doubtful):
    sent = {"specs": ["REQ-1", "REQ-2", "REQ-1"], "causes": ["GOAL-1"]}
    answer = api(reviewer).post("/api/v1/specs/suspects/clear", sent)
    assert answer.json() == {"cleared": 2}
    assert doubtful() == []


def test_all_or_none(api, keeper, doubtful):
    client = api(keeper)
    path = "/api/v1/specs/suspects/clear"
    refused = client.post(path, {"specs": ["REQ-1", "REQ-2"]})
    missing = client.post(path, {"specs": ["REQ-1", "REQ-9"]})
    assert (refused.status_code, missing.status_code) == (403, 404)
    assert missing.json()["error"]["details"][0]["field"] == "specs.1"
    assert client.post(path, {"specs": []}).status_code == 422
    assert len(doubtful()) == 2


def test_a_key_without_the_scope_to_decide_clears_only_what_one_looks_after(
    client, workspace, reviewer, keeper, doubtful
):
    path = "/api/v1/specs/REQ-1/suspects/clear"

    def clear(user, *scopes):
        headers = {"X-API-Key": issue(user, workspace, *scopes)}
        return client.post(path, {}, "application/json", headers=headers).status_code

    assert clear(reviewer, Scope.READ, Scope.WRITE) == 403
    assert clear(keeper, Scope.READ) == 403
    assert len(doubtful()) == 2
    assert clear(keeper, Scope.READ, Scope.WRITE) == 200
