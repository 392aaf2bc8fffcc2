"""Presence through real servers: shared between processes, seen live, in nobody's way."""

import json
from uuid import uuid4

import httpx
import pytest
import redis
from django.conf import settings

from apps.accounts.choices import Role
from tests.activity.live.rings import ring_later
from tests.activity.live.servers import PATIENCE, connected
from tests.activity.live.test_streams import streaming
from tests.databases import off_loop
from tests.factories import issue, member


async def join(server, key, **body):
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        answer = await http.post(
            f"{server.url}/realtime/presence/join", json=body, headers={"X-API-Key": key}
        )
    assert answer.status_code == 200, answer.text
    return answer.json()["presence"]["client_id"]


async def here(server, key):
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        answer = await http.get(f"{server.url}/realtime/presence", headers={"X-API-Key": key})
    return [row["client_id"] for row in answer.json()["presence"]]


async def leave(server, key, name):
    async with httpx.AsyncClient(timeout=PATIENCE) as http:
        await http.post(
            f"{server.url}/realtime/presence/leave",
            json={"client_id": name},
            headers={"X-API-Key": key},
        )


async def test_two_processes_share_who_is_here_and_one_may_restart(running, house):
    first, second = running("uvicorn"), running("daphne")
    name = await join(first, house.key)
    assert await here(second, house.key) == [name]
    await off_loop(first.restart)
    assert await here(first, house.key) == [name]
    await leave(second, house.key, name)
    assert await here(first, house.key) == []


async def test_coming_and_going_elsewhere_is_seen_on_stream_and_socket(running, house):
    here_, there = running("uvicorn"), running("daphne")
    async with (
        streaming(here_, "/realtime/stream", house.key) as stream,
        connected(here_, house.key) as live,
    ):
        await live.watch(house.workspace.id)
        await ring_later(house.workspace)
        first, _ = await stream.event()
        assert (await live.next())["seq"] == 1
        name = await join(there, house.key, subject="approval:7")
        block, event = await stream.event()
        assert set(block) == {"data"}
        assert (event["area"], event["event_type"], event["seq"]) == ("presence", "join", None)
        assert event["payload"]["client_id"] == name
        assert event["payload"]["subject"] == "approval:7"
        assert event["text"] == f"{house.owner.name} is here"
        frame = await live.next()
        assert (frame["type"], set(frame)) == ("presence", {"type", "topic", "event"})
        assert frame["event"]["event_type"] == "join"
        await leave(there, house.key, name)
        assert (await stream.event())[1]["event_type"] == "leave"
        assert (await live.next())["event"]["event_type"] == "leave"
        await ring_later(house.workspace, first=2)
        again, _ = await stream.event()
    assert again["id"] == first["id"].rpartition(".")[0] + ".2"


async def test_presence_named_on_the_agents_stream_moves_no_position(uvicorn, house):
    async with streaming(uvicorn, "/events?kinds=presence.join", house.key) as stream:
        await stream.next(), await stream.next()
        name = await join(uvicorn, house.key)
        block = await stream.next()
    assert set(block) == {"event", "data"}
    assert block["event"] == "presence.join"
    assert json.loads(block["data"])["data"]["payload"]["client_id"] == name


async def test_areas_of_a_subscription_choose_presence_too(uvicorn, house):
    async with connected(uvicorn, house.key) as live:
        await live.watch(house.workspace.id, areas=["approvals"])
        await join(uvicorn, house.key)
        assert (await live.ask(id=9, type="ping"))["type"] == "ok"
        assert all(frame["type"] != "presence" for frame in live.frames)


async def test_socket_says_that_one_is_here_and_hears_who_else_is(server, house):
    def guest():
        person = member(house.workspace, Role.VIEWER)
        return issue(person, house.workspace)

    guests_key = await off_loop(guest)
    other = await join(server, guests_key)
    name, place = f"tab-{uuid4()}", str(house.workspace.id)
    async with connected(server, house.key) as live:
        said = {"type": "presence", "workspace_id": place, "client_id": name}
        joined = await live.ask(id=1, **said)
        assert joined["result"]["presence"]["client_id"] == name
        assert [row["client_id"] for row in joined["result"]["here"]] == [other, name]
        gone = await live.ask(id=2, type="presence", leave=True, client_id=name)
        assert gone["result"] == {"status": "ok"}
        not_mine = await live.ask(id=3, type="presence", leave=True, client_id=other)
        assert not_mine["error"]["code"] == "presence_unknown"
        lacking = await live.ask(id=4, type="presence")
        assert lacking["error"]["code"] == "invalid_command"
        foreign = await live.ask(id=5, type="presence", workspace_id=str(uuid4()))
        assert foreign["error"]["code"] == "not_your_workspace"
    assert await here(server, house.key) == [other]


async def test_whoever_falls_silent_is_seen_to_leave_by_those_who_only_watch(uvicorn, house):
    name = await join(uvicorn, house.key)
    async with connected(uvicorn, house.key) as live:
        await live.watch(house.workspace.id)
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.zadd("lattice:presence:until", {name: 1})
        frame = await live.next()
        assert (frame["type"], frame["event"]["event_type"]) == ("presence", "leave")
        assert frame["event"]["payload"]["client_id"] == name


@pytest.fixture(autouse=True)
def nobody_is_here():
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(*client.keys("lattice:presence:*") or ["none"])
