"""The feed of what happened lately."""

import pytest
from rest_framework.test import APIClient

from tests.activity.live.rings import ring
from tests.factories import MembershipFactory, WorkspaceFactory, issue, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(workspace):
    return member(workspace)


@pytest.fixture
def http(person, workspace):
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=issue(person, workspace))
    return client


def test_newest_come_first_with_figures(http, workspace):
    ring(workspace, 3)
    for path in ("/realtime/feed", "/api/v1/realtime/feed"):
        body = http.get(path).json()
        assert [event["payload"]["number"] for event in body["events"]] == [3, 2, 1]
        assert body["stats"] == {
            "version": "2.0.0",
            "subscribers": 0,
            "presence": 0,
            "feed_size": 3,
            "transport": "sse",
        }


@pytest.mark.parametrize(
    ("limit", "shown"), [("", 50), ("-5", 1), ("0", 1), ("2", 2), ("200", 60), ("9999", 60)]
)
def test_limit_is_taken_as_the_nearest_possible(http, workspace, limit, shown):
    ring(workspace, 60)
    path = f"/realtime/feed?limit={limit}" if limit else "/realtime/feed"
    assert len(http.get(path).json()["events"]) == shown


@pytest.mark.parametrize("limit", ["", "x", "1.5", "1e3"])
def test_limit_that_is_no_number_is_invalid(http, limit):
    answer = http.get(f"/realtime/feed?limit={limit}")
    assert answer.status_code == 422
    assert answer.json()["error"]["details"][0]["field"] == "limit"


def test_other_workspaces_stay_out(http, workspace):
    ring(WorkspaceFactory.create(), 2)
    ring(workspace, 1)
    assert len(http.get("/realtime/feed").json()["events"]) == 1


def test_several_workspaces_are_one_feed(person, workspace):
    second = WorkspaceFactory.create()
    MembershipFactory.create(workspace=second, user=person)
    ring(workspace, 2)
    ring(second, 2, first=3)
    ring(workspace, 1, first=5)
    client = APIClient()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    numbers = [e["payload"]["number"] for e in client.get("/realtime/feed").json()["events"]]
    assert numbers == [5, 4, 3, 2, 1]
    one = client.get("/realtime/feed", headers={"X-Workspace-Id": str(second.id)}).json()
    assert [e["payload"]["number"] for e in one["events"]] == [4, 3]
    for wrong in ("x", ""):  # as of a script whose variable is not set
        for path in ("/realtime/feed", "/realtime/presence"):
            assert client.get(path, headers={"X-Workspace-Id": wrong}).status_code == 403


def test_nobody_reads_nothing():
    assert APIClient().get("/realtime/feed").status_code == 401


def test_feed_costs_the_same_for_many_events(http, workspace, django_assert_max_num_queries):
    ring(workspace, 30)
    http.get("/realtime/feed")
    with django_assert_max_num_queries(8):
        http.get("/realtime/feed?limit=30")
