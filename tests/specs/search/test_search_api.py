"""`GET /api/v1/specs/search` and `.../{key}/related`."""

import pytest

from tests.factories import WorkspaceFactory
from tests.specs.graphs import node, plant
from tests.specs.search.indexing import index

SEARCH = "/api/v1/specs/search"
QUERIES = 22
"""Whatever is found."""


@pytest.fixture
def client(api, contributor):
    return api(contributor)


@pytest.fixture
def shop(workspace):
    planted = plant(
        workspace,
        [
            node("REQ-1", title="Cards", body="The till SHALL accept a card.", labels=["money"]),
            node("REQ-2", title="Cards twice", body="The till SHALL NOT charge a card twice."),
            node("TEST-1", title="Cards work", body="Pay by card."),
        ],
    )
    index(workspace)
    return planted


def test_it_answers_with_snippets_and_marks(client, shop):
    answer = client.get(SEARCH, {"q": "charged twice"}).json()
    first = answer["results"][0]
    assert (first["key"], first["kind"], first["version"]) == ("REQ-2", "requirement", 1)
    assert [one["text"] for one in first["snippet"] if one["is_marked"]] == ["charge", "twice"]
    assert (answer["by_meaning"], answer["because"], answer["waiting"]) == (True, "", 0)


def test_it_is_narrowed_and_paged(client, shop):
    narrowed = client.get(SEARCH, {"q": "card", "kind": ["test", "goal"]}).json()
    assert [one["key"] for one in narrowed["results"]] == ["TEST-1"]
    labelled = client.get(SEARCH, {"q": "card", "label": "money"}).json()
    assert [one["key"] for one in labelled["results"]] == ["REQ-1"]
    first = client.get(SEARCH, {"q": "card", "limit": 2}).json()
    assert (len(first["results"]), first["next_offset"]) == (2, 2)
    rest = client.get(SEARCH, {"q": "card", "limit": 2, "offset": 2}).json()
    assert (len(rest["results"]), rest["next_offset"]) == (1, None)


def test_the_past_is_searched(client, shop, workspace):
    plant(workspace, [node("REQ-1", body="Guilders.")])
    then = f"rev:{shop.revision.number}"
    now = client.get(SEARCH, {"q": "guilders", "kind": "requirement"}).json()["results"]
    assert now[0]["key"] == "REQ-1"
    found = client.get(SEARCH, {"q": '"accept a card"', "as_of": then}).json()["results"]
    assert [(one["key"], one["version"]) for one in found] == [("REQ-1", 1)]
    assert client.get(SEARCH, {"q": '"accept a card"'}).json()["results"] == []


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"q": "card", "limit": 51}, 422, "invalid"),
        ({"q": "card", "status": "gone"}, 422, "invalid"),
        ({"q": "x" * 501}, 422, "invalid"),
        ({"q": "card", "as_of": "rev:99"}, 422, "moment_unknown"),
    ],
)
def test_what_it_cannot_answer_it_says(client, shop, asked, status, code):
    answer = client.get(SEARCH, asked)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_what_is_related_says_how_alike_it_is(client, shop):
    found = client.get("/api/v1/specs/req-1/related").json()["results"]
    assert found[0]["key"] == "REQ-2"
    assert found[0]["how"] in ("says nearly the same", "is close to it")
    assert "REQ-1" not in [one["key"] for one in found]


def test_nothing_of_another_workspace_is_found(client, shop):
    other = WorkspaceFactory.create()
    plant(other, [node("REQ-9", title="Cards", body="The till SHALL accept a card.")])
    index(other)
    found = client.get(SEARCH, {"q": "card REQ-9"}).json()["results"]
    assert "REQ-9" not in [one["key"] for one in found]
    related = client.get("/api/v1/specs/REQ-1/related").json()["results"]
    assert "REQ-9" not in [one["key"] for one in related]


def test_it_takes_so_many_queries(client, shop, django_assert_max_num_queries):
    client.get(SEARCH, {"q": "card"})
    with django_assert_max_num_queries(QUERIES):
        client.get(SEARCH, {"q": "card"})
