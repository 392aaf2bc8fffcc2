"""Doubtful links over HTTP."""

import pytest

from apps.accounts.choices import Role, Scope
from apps.specs.models.graph import Suspect
from tests.factories import issue, member
from tests.specs.graphs import doubt, node, plant

pytestmark = pytest.mark.django_db
SEEN = {"seen": 1, "causes": ["GOAL-1"]}


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
    cleared = [client.post("/api/v1/specs/req-1/suspects/clear", SEEN).json() for _ in range(2)]
    assert cleared == [{"cleared": 1}, {"cleared": 0}]
    assert doubtful() == ["REQ-2 refines GOAL-1"]


def test_what_has_changed_again_since_is_not_cleared(api, keeper, workspace, doubtful):
    plant(workspace, [node("GOAL-1", title="Anew")])
    Suspect.objects.update(latest=2)
    client, path = api(keeper), "/api/v1/specs/REQ-1/suspects/clear"
    refused = client.post(path, SEEN)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "changed_since")
    assert [client.post(path, SEEN | {"seen": seen}).status_code for seen in (None, 0, 3)] == [
        422
    ] * 3
    [row] = client.get("/api/v1/specs/REQ-1/suspects").json()["results"]
    assert (row["revision"], row["latest"]) == (1, 2)
    assert client.post(path, SEEN | {"seen": row["latest"]}).json() == {"cleared": 1}


@pytest.mark.parametrize("causes", [{}, {"causes": None}, {"causes": []}])
def test_what_was_looked_at_is_named(api, keeper, doubtful, causes):
    """A page of the list shows some, and by `seen` alone all would be cleared."""
    for more in ("REQ-1/", ""):
        sent = {"seen": 1, "specs": ["REQ-1"]} | causes
        refused = api(keeper).post(f"/api/v1/specs/{more}suspects/clear", sent)
        assert refused.status_code == 422
        assert refused.json()["error"]["details"][0]["field"].startswith("causes")
    assert len(doubtful()) == 2


def test_of_other_causes_nothing_is_cleared(api, keeper, doubtful):
    client = api(keeper)
    path = "/api/v1/specs/REQ-1/suspects/clear"
    assert client.post(path, SEEN | {"causes": ["REQ-2"]}).json() == {"cleared": 0}
    assert client.post(path, SEEN | {"causes": ["REQ-9"]}).status_code == 404
    assert client.post(path, SEEN | {"causes": "GOAL-1"}).status_code == 422
    assert len(doubtful()) == 2
    assert client.post(path, SEEN | {"causes": ["goal-1"]}).json() == {"cleared": 1}


def test_who_decides_clears_several_at_once(api, reviewer, doubtful):
    sent = SEEN | {"specs": ["REQ-1", "REQ-2", "REQ-1"], "causes": ["GOAL-1"]}
    answer = api(reviewer).post("/api/v1/specs/suspects/clear", sent)
    assert answer.json() == {"cleared": 2}
    assert doubtful() == []


def test_all_or_none(api, keeper, doubtful):
    client = api(keeper)
    path = "/api/v1/specs/suspects/clear"
    refused = client.post(path, SEEN | {"specs": ["REQ-1", "REQ-2"]})
    missing = client.post(path, SEEN | {"specs": ["REQ-1", "REQ-9"]})
    assert (refused.status_code, missing.status_code) == (403, 404)
    assert missing.json()["error"]["details"][0]["field"] == "specs.1"
    assert client.post(path, SEEN | {"specs": []}).status_code == 422
    assert len(doubtful()) == 2


def test_a_key_without_the_scope_to_decide_clears_only_what_one_looks_after(
    client, workspace, reviewer, keeper, doubtful
):
    path = "/api/v1/specs/REQ-1/suspects/clear"

    def clear(user, *scopes):
        headers = {"X-API-Key": issue(user, workspace, *scopes)}
        return client.post(path, SEEN, "application/json", headers=headers).status_code

    assert clear(reviewer, Scope.READ, Scope.WRITE) == 403
    assert clear(keeper, Scope.READ) == 403
    assert len(doubtful()) == 2
    assert clear(keeper, Scope.READ, Scope.WRITE) == 200
