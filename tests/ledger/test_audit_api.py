"""GET /api/v1/audit: what happened in a workspace, for whoever may read it."""

from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.choices import Role, Scope
from apps.common import context
from apps.common.ids import uuid7
from apps.ledger.models import Event
from apps.ledger.services import record, unit, write_checkpoint
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.ledger.bells import BellRung, BellTuned

pytestmark = pytest.mark.django_db

BELL = uuid7()


@pytest.fixture
def history(workspace, owner):
    """1: rung; 2: the same bell rung in request r-2; 3: tuned, with the bell deep inside."""
    with unit(actor=owner, workspace=workspace.id):
        record(BellRung(bell=uuid7()))
    with context.call(request_id="r-2"), unit(actor=owner, workspace=workspace.id):
        record(BellRung(bell=BELL))
    with unit(actor=member(workspace), workspace=workspace.id):
        record(BellTuned(settings={"bells": [{"id": BELL}]}))
    with unit(actor=owner, workspace=WorkspaceFactory.create().id):
        record(BellRung(bell=BELL, note="elsewhere"))


def asked(user, workspace, path="/api/v1/audit", **query):
    key = issue(user, workspace, Scope.READ)
    return Client().get(path, query, headers={"X-API-Key": key})


def numbers(response):
    assert response.status_code == 200, response.content
    return [event["seq"] for event in response.json()["results"]]


def test_events_come_newest_first_and_from_this_workspace_alone(history, owner, workspace):
    response = asked(owner, workspace)
    assert numbers(response) == [3, 2, 1]
    event = response.json()["results"][1]
    row = Event.objects.get(workspace_id=workspace.id, seq=2)
    assert event["actor"] == {"id": str(owner.id), "kind": "person"}
    assert event["payload"] == {"bell": str(BELL), "note": ""}
    assert (event["request_id"], event["hash"]) == ("r-2", bytes(row.hash).hex())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"type": "tests.bell"}, [3, 2, 1]),
        ({"type": "tests.bell.tuned"}, [3]),
        ({"type": "tests.be"}, []),
        ({"about": str(BELL)}, [3, 2]),
        ({"request_id": "r-2"}, [2]),
        ({"after": 1, "before": 3}, [2]),
        ({"ordering": "seq"}, [1, 2, 3]),
        ({"about": '" || true || "'}, []),
    ],
)
def test_filters_narrow_the_list(history, owner, workspace, query, found):
    assert numbers(asked(owner, workspace, **query)) == found


def test_time_and_actor_narrow_the_list(history, owner, workspace):
    second = Event.objects.get(workspace_id=workspace.id, seq=2).at
    assert numbers(asked(owner, workspace, since=second.isoformat())) == [3, 2]
    assert numbers(asked(owner, workspace, until=second.isoformat())) == [1]
    assert numbers(asked(owner, workspace, actor=owner.id)) == [2, 1]
    assert numbers(asked(owner, workspace, since=second + timedelta(days=1))) == []


def test_pages_follow_one_another(history, owner, workspace):
    first = asked(owner, workspace, limit=2)
    assert numbers(first) == [3, 2]
    second = asked(owner, workspace, limit=2, cursor=first.json()["next_cursor"])
    assert numbers(second) == [1]
    assert second.json()["next_cursor"] is None


def test_an_agent_reads_the_history_it_works_in(history, owner, workspace):
    agent = agent_of(owner, workspace)
    assert numbers(asked(agent, workspace)) == [3, 2, 1]


@pytest.mark.parametrize("path", ["/api/v1/audit", "/api/v1/audit/verify"])
def test_strangers_and_nobody_see_nothing(history, workspace, path):
    elsewhere = WorkspaceFactory.create()
    key = issue(member(elsewhere, Role.OWNER), elsewhere, Scope.READ)
    stranger = Client().get(path, headers={"X-API-Key": key, "X-Workspace-Id": str(workspace.id)})
    assert stranger.status_code == 403
    assert Client().get(path).status_code == 401


@pytest.mark.parametrize(
    "query", [{"after": "x"}, {"actor": "me"}, {"since": "yesterday"}, {"before": 2**70}]
)
def test_unreadable_filters_are_named(owner, workspace, query):
    response = asked(owner, workspace, **query)
    assert response.status_code == 422
    assert response.json()["error"]["details"][0]["field"] == next(iter(query))


def test_a_page_costs_as_many_queries_however_long_it_is(
    history, owner, workspace, django_assert_max_num_queries
):
    key = issue(owner, workspace, Scope.READ)
    asked(owner, workspace)
    for events in (0, 20):
        for _ in range(events):
            with unit(actor=owner, workspace=workspace.id):
                record(BellRung(bell=uuid7()))
        with django_assert_max_num_queries(4):
            Client().get("/api/v1/audit", headers={"X-API-Key": key})


def test_verification_tells_what_is_covered_and_what_is_not(history, owner, workspace):
    write_checkpoint()
    with unit(actor=owner, workspace=workspace.id):
        record(BellRung(bell=uuid7()))

    recent = asked(owner, workspace, "/api/v1/audit/verify").json()
    whole = asked(owner, workspace, "/api/v1/audit/verify", whole="true").json()

    assert (recent["ok"], recent["events"], recent["residual"]["events"]) == (True, 1, 1)
    assert (whole["ok"], whole["events"], whole["residual"]["events"]) == (True, 4, 1)
    assert whole["last_checkpoint"]["number"] == 1


def test_reading_the_whole_chain_is_for_those_who_manage_the_workspace(history, workspace):
    reviewer = member(workspace, Role.REVIEWER)
    response = asked(reviewer, workspace, "/api/v1/audit/verify", whole="true")
    assert response.status_code == 403
