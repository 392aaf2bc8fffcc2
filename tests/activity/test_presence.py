"""Who is here: said by its owner, seen by members, gone when silent, harmless without Redis."""

import json
from uuid import uuid4

import pytest
import redis
from django.conf import settings as django_settings
from django.test import Client
from rest_framework.test import APIClient

from apps.accounts.services.members import leave_workspace, remove_member
from apps.activity import presence
from apps.activity.presence import count
from apps.activity.tasks import dismiss_presences
from apps.common.actors import SYSTEM
from apps.ledger.models import Delivery, Event
from tests.factories import MembershipFactory, WorkspaceFactory, agent_of, issue, member

pytestmark = pytest.mark.django_db

JOIN, LEAVE, HERE = "/realtime/presence/join", "/realtime/presence/leave", "/realtime/presence"


@pytest.fixture
def ada(workspace):
    return member(workspace)


@pytest.fixture
def bob(workspace):
    return member(workspace)


def as_(person, workspace):
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=issue(person, workspace))
    return client


def ids(client, **headers):
    return [row["client_id"] for row in client.get(HERE, headers=headers).json()["presence"]]


@pytest.fixture
def announced(workspace):
    """What watchers of this workspace are told."""
    client = redis.Redis.from_url(django_settings.REDIS_URL)
    channel = client.pubsub(ignore_subscribe_messages=True)
    channel.subscribe(presence.CHANNEL)
    channel.get_message(timeout=5)

    def read():
        found = []
        while message := channel.get_message(timeout=0.1):
            change, _, text = message["data"].partition(b" ")
            row = json.loads(text)
            if row["workspace_id"] == str(workspace.id):
                found.append((change.decode(), row["client_id"]))
        return found

    yield read
    channel.close()
    client.close()


def silence(client_id):
    """As if its last heartbeat were long ago."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.zadd("lattice:presence:until", {client_id: 1})


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_whoever_joins_is_seen_by_members(ada, bob, workspace, prefix):
    joined = as_(ada, workspace).post(prefix + JOIN, {"subject": "approval:7"}).json()["presence"]
    assert joined["client_id"]
    body = as_(bob, workspace).get(prefix + HERE).json()
    assert body["presence"] == [joined]
    assert joined["user"] == str(ada.id)
    assert (joined["workspace_id"], joined["subject"]) == (str(workspace.id), "approval:7")
    assert joined["joined_at"] == joined["last_seen"]
    assert body["stats"]["presence"] == 1
    assert as_(bob, workspace).get("/realtime/feed").json()["stats"]["presence"] == 1


def test_presence_is_no_fact_of_the_record(ada, workspace):
    mine = as_(ada, workspace)
    before = Event.objects.count()
    mine.post(LEAVE, {"client_id": mine.post(JOIN).json()["presence"]["client_id"]})
    assert Event.objects.count() == before


def test_repeating_it_stays_and_is_announced_once(ada, workspace, announced):
    mine, name = as_(ada, workspace), f"tab-{uuid4()}"
    first = mine.post(JOIN, {"client_id": name}).json()["presence"]
    again = mine.post(JOIN, {"client_id": name}).json()["presence"]
    assert again["joined_at"] == first["joined_at"]
    assert again["last_seen"] >= first["last_seen"]
    assert announced() == [("join", name)]


def test_looking_at_something_else_is_announced_as_leaving_and_joining(ada, workspace, announced):
    mine, name = as_(ada, workspace), f"tab-{uuid4()}"
    for subject in ("approval:1", "approval:2"):
        mine.post(JOIN, {"client_id": name, "subject": subject})
    assert announced() == [("join", name), ("leave", name), ("join", name)]
    assert ids(mine) == [name]
    assert len(mine.get(f"{HERE}?subject=approval:2").json()["presence"]) == 1
    assert mine.get(f"{HERE}?subject=approval:1").json()["presence"] == []


def test_nobody_takes_over_or_removes_the_presence_of_another(ada, bob, workspace, announced):
    name = f"tab-{uuid4()}"
    as_(ada, workspace).post(JOIN, {"client_id": name})
    theirs = as_(bob, workspace)
    taken = theirs.post(JOIN, {"client_id": name})
    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "presence_taken")
    removed = theirs.post(LEAVE, {"client_id": name})
    assert (removed.status_code, removed.json()["error"]["code"]) == (404, "presence_unknown")
    assert [row["user"] for row in theirs.get(HERE).json()["presence"]] == [str(ada.id)]
    assert announced() == [("join", name)]


def test_leaving_without_a_client_id_says_nothing(ada, workspace, announced):
    mine = as_(ada, workspace)
    mine.post(JOIN, {"client_id": (name := f"tab-{uuid4()}")})
    for body in ({}, {"client_id": ""}, {"client_id": None}):
        assert mine.post(LEAVE, body).json() == {"status": "ok"}
    assert announced() == [("join", name)]
    assert ids(mine) == [name]


def test_silent_ones_are_gone_and_that_is_announced_once(ada, bob, workspace, announced):
    mine, name = as_(ada, workspace), f"tab-{uuid4()}"
    mine.post(JOIN, {"client_id": name})
    silence(name)
    assert ids(as_(bob, workspace)) == ids(mine) == []
    assert announced() == [("join", name), ("leave", name)]


@pytest.mark.parametrize("leaves_by_itself", [True, False])
def test_whoever_is_no_member_any_more_is_seen_no_more(
    ada, bob, workspace, announced, leaves_by_itself
):
    robot = agent_of(ada, workspace)
    names = [f"tab-{uuid4()}" for _ in range(3)]
    for somebody, name in zip((ada, robot, bob), names, strict=True):
        as_(somebody, workspace).post(JOIN, {"client_id": name})
    if leaves_by_itself:
        leave_workspace(workspace_id=workspace.id, actor=ada)
    else:
        remove_member(workspace_id=workspace.id, user_id=ada.id, actor=SYSTEM)

    [delivery] = Delivery.objects.filter(subscription="activity.dismiss_presences")
    dismiss_presences(delivery.id)

    assert ids(as_(bob, workspace)) == names[2:]
    told = announced()
    assert told[:3] == [("join", name) for name in names]
    assert sorted(told[3:]) == sorted(("leave", name) for name in names[:2])


def test_strangers_join_nowhere_and_see_nobody(ada, workspace, announced):
    elsewhere = WorkspaceFactory.create()
    stranger = as_(member(elsewhere), elsewhere)
    as_(ada, workspace).post(JOIN, {"client_id": (name := f"tab-{uuid4()}")})
    refused = stranger.post(JOIN, {"workspace_id": str(workspace.id)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_your_workspace")
    assert ids(stranger) == []
    assert stranger.get(HERE, headers={"X-Workspace-Id": str(workspace.id)}).status_code == 403
    assert announced() == [("join", name)]


def test_key_for_one_workspace_joins_no_other_of_its_person(ada, workspace):
    second = WorkspaceFactory.create()
    MembershipFactory.create(workspace=second, user=ada)
    mine = as_(ada, workspace)
    assert mine.post(JOIN, {"workspace_id": str(second.id)}).status_code == 403


def test_agents_are_here_too_and_nameless_people_are_not_called_by_their_address(ada, workspace):
    ada.name = ""
    ada.save(update_fields=["name"])
    agent = agent_of(ada, workspace)
    as_(ada, workspace).post(JOIN)
    as_(agent, workspace).post(JOIN)
    shown = as_(agent, workspace).get(HERE).json()["presence"]
    assert [row["kind"] for row in shown] == ["person", "agent"]
    assert ada.email not in json.dumps(shown)
    assert shown[0]["name"].startswith("Somebody (")


def test_nobody_fills_the_memory(ada, workspace, monkeypatch):
    monkeypatch.setattr(presence, "PER_USER", 2)
    mine = as_(ada, workspace)
    assert [mine.post(JOIN).status_code for _ in range(3)] == [200, 200, 429]
    assert len(ids(mine)) == 2


@pytest.mark.parametrize(
    "body",
    [{"client_id": "a b"}, {"client_id": "x" * 65}, {"subject": "<b>"}, {"workspace_id": "x"}],
)
def test_what_cannot_be_a_name_is_invalid(ada, workspace, body):
    mine = as_(ada, workspace)
    assert mine.post(JOIN, body).status_code == 422
    assert ids(mine) == []


# --- beacons


@pytest.fixture
def browser(ada):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "application/json"])
def test_beacon_of_our_page_leaves(browser, ada, workspace, content_type):
    mine = as_(ada, workspace)
    mine.post(JOIN, {"client_id": (name := f"tab-{uuid4()}")})
    sent = browser.post(
        LEAVE,
        json.dumps({"client_id": name}),
        content_type=content_type,
        headers={"Origin": "http://testserver"},
    )
    assert sent.json() == {"status": "ok"}
    assert ids(mine) == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil", None])
def test_beacon_of_another_page_is_refused(browser, ada, workspace, origin):
    mine = as_(ada, workspace)
    mine.post(JOIN, {"client_id": (name := f"tab-{uuid4()}")})
    headers = {"Origin": origin} if origin else {}
    body = json.dumps({"client_id": name})
    refused = browser.post(LEAVE, body, content_type="text/plain", headers=headers)
    assert refused.status_code == 403
    assert ids(mine) == [name]


def test_joining_by_session_takes_a_csrf_token(browser):
    refused = browser.post(
        JOIN, "{}", content_type="application/json", headers={"Origin": "http://testserver"}
    )
    assert refused.json()["error"]["code"] == "csrf_failed"


# --- without Redis


def test_without_redis_nobody_is_known_to_be_here_and_all_else_goes_on(
    ada, workspace, settings, own_redis, monkeypatch
):
    settings.REDIS_URL = own_redis.url
    monkeypatch.setattr(count, "_quiet_until", 0.0)
    mine = as_(ada, workspace)
    assert mine.post(JOIN).status_code == 200
    own_redis.kill()
    answer = mine.get(HERE)
    assert (answer.status_code, answer.json()["presence"]) == (200, [])
    assert answer.json()["stats"]["note"]
    refused = mine.post(JOIN)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    feed = mine.get("/realtime/feed")
    assert (feed.status_code, feed.json()["stats"]["presence"]) == (200, 0)
    own_redis.start()
    assert mine.post(JOIN).status_code == 200
    assert len(ids(mine)) == 1
