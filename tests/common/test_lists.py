"""Lists come in pages that stay put while rows come and go."""

import pytest

from apps.accounts.models import Workspace
from tests.factories import WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.common.listing_urls")]


@pytest.fixture
def workspaces():
    Workspace.objects.all().delete()
    made = [WorkspaceFactory.create(name=f"W{number % 3}") for number in range(7)]
    return sorted(made, key=lambda workspace: workspace.id)


def page(client, **query):
    response = client.get("/workspaces", query)
    assert response.status_code == 200, response.content
    return response.json()


def walk(client, **query):
    found = []
    while True:
        answer = page(client, **query)
        found += answer["results"]
        if answer["next_cursor"] is None:
            return found
        query["cursor"] = answer["next_cursor"]


def test_newest_come_first_and_each_comes_once(client, workspaces):
    ids = [row["id"] for row in walk(client, limit=2)]
    assert ids == [str(workspace.id) for workspace in reversed(workspaces)]


@pytest.mark.parametrize("ordering", ["name", "-name", "created_at", "-created_at", "id"])
def test_equal_values_are_neither_lost_nor_repeated(client, workspaces, ordering):
    found = walk(client, limit=2, ordering=ordering)
    assert len({row["id"] for row in found}) == len(found) == 7
    field = ordering.lstrip("-")
    if field == "name":
        names = [row["name"] for row in found]
        assert names == sorted(names, reverse=ordering.startswith("-"))


def test_rows_that_come_and_go_move_nothing(client, workspaces):
    first = page(client, limit=3)
    WorkspaceFactory.create(name="later")
    workspaces[-1].delete()
    second = page(client, limit=3, cursor=first["next_cursor"])
    assert [row["id"] for row in second["results"]] == [
        str(workspace.id) for workspace in (workspaces[3], workspaces[2], workspaces[1])
    ]


def test_exactly_full_page_is_the_last(client, workspaces):
    assert page(client, limit=7)["next_cursor"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "201", "1.5", "all", "", "٣", "9" * 30])
def test_odd_limits_are_invalid(client, limit):
    response = client.get("/workspaces", {"limit": limit})
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["field"] == "limit"


@pytest.mark.parametrize("ordering", ["secret", "--name", "name,id", "memberships__role", "-"])
def test_other_orderings_are_invalid(client, ordering):
    response = client.get("/workspaces", {"ordering": ordering})
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["field"] == "ordering"


def assert_invalid_cursor(response):
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_cursor"


def test_tampered_cursors_are_refused(client, workspaces):
    cursor = page(client, limit=2)["next_cursor"]
    for wrong in (cursor[:-1], "x" + cursor, cursor.swapcase(), "bm9wZQ==", "ä", "::"):
        assert_invalid_cursor(client.get("/workspaces", {"cursor": wrong}))


def test_cursor_of_another_list_or_ordering_is_refused(client, workspaces):
    cursor = page(client, limit=2)["next_cursor"]
    assert_invalid_cursor(client.get("/others", {"cursor": cursor}))
    assert_invalid_cursor(client.get("/workspaces", {"cursor": cursor, "ordering": "id"}))


@pytest.mark.parametrize("ordering", ["-id", "name"])
def test_a_page_is_one_query(client, workspaces, ordering, django_assert_num_queries):
    cursor = page(client, limit=2, ordering=ordering)["next_cursor"]
    with django_assert_num_queries(1):
        page(client, limit=2, cursor=cursor, ordering=ordering)
