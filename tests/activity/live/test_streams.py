"""The streams, through real servers: blocks, headers, replay and resuming."""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from apps.accounts.choices import Role
from apps.accounts.models import Membership
from tests.activity.live.rings import ring_later
from tests.activity.live.servers import PATIENCE
from tests.databases import off_loop
from tests.factories import MembershipFactory, WorkspaceFactory, member
from tests.live import session_token


class Blocks:
    """What a stream says, block by block, as a dict of its fields (a comment is under "")."""

    def __init__(self, response):
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self, patience=PATIENCE):
        block: dict[str, str] = {}
        async with asyncio.timeout(patience):
            async for line in self._lines:
                if not line:
                    return block
                name, _, value = line.partition(":")
                block[name] = value.removeprefix(" ")
        raise AssertionError("the stream has ended")

    async def end(self):
        async for _ in self._lines:
            pass

    async def event(self):
        while "data" not in (block := await self.next()):
            pass
        return block, json.loads(block["data"])


@asynccontextmanager
async def streaming(server, path, key=None, headers=()):
    given = {**dict(headers), **({"X-API-Key": key} if key else {})}
    async with (
        httpx.AsyncClient(timeout=PATIENCE) as http,
        http.stream("GET", server.url + path, headers=given) as response,
    ):
        yield Blocks(response)


async def test_stream_has_the_promised_headers_and_begins_at_once(server, house):
    for path in ("/realtime/stream", "/api/v1/realtime/stream"):
        async with streaming(server, path, house.key) as stream:
            headers = stream.response.headers
            assert headers["content-type"] == "text/event-stream"
            assert headers["cache-control"] == "no-cache"
            assert headers["x-accel-buffering"] == "no"
            assert headers["connection"] == "keep-alive"
            assert (await stream.next())["retry"].isdigit()


async def test_last_ten_are_replayed_in_order_and_then_it_goes_on(server, house):
    await ring_later(house.workspace, 12)
    async with streaming(server, "/realtime/stream", house.key) as stream:
        seen = [(await stream.event()) for _ in range(10)]
        assert [event["seq"] for _, event in seen] == list(range(3, 13))
        assert all(set(block) == {"id", "data"} for block, _ in seen)
        await ring_later(house.workspace, first=13)
        block, event = await stream.event()
    assert event["payload"]["number"] == 13
    epoch, seq = block["id"].rsplit(".", 1)
    assert (seq, len(epoch)) == ("13", 36)
    assert set(event) >= {"seq", "received_at", "area", "event_type", "workspace_id", "payload"}


async def test_every_subscriber_gets_every_event(server, house):
    async with (
        streaming(server, "/events", house.key) as first,
        streaming(server, "/events", house.key) as second,
    ):
        for stream in (first, second):
            assert (await stream.next())["retry"] == "5000"
            assert await stream.next() == {"event": "ready", "data": "{}"}
        await ring_later(house.workspace, 5)
        for stream in (first, second):
            events = [await stream.event() for _ in range(5)]
            assert [event["data"]["seq"] for _, event in events] == [1, 2, 3, 4, 5]
            block, event = events[0]
            assert block["event"] == event["kind"] == "tests.tower.rung"
            assert set(event) == {"ts", "kind", "data"}


async def test_kinds_choose_what_is_shown(uvicorn, house):
    async with (
        streaming(uvicorn, "/events?kinds=tests.tower.fell,x", house.key) as none,
        streaming(uvicorn, "/events?kinds=tests.tower.rung", house.key) as some,
    ):
        for stream in (none, some):
            await stream.next()
            await stream.next()
        await ring_later(house.workspace)
        assert (await some.event())[1]["kind"] == "tests.tower.rung"
        with pytest.raises(TimeoutError):
            await none.next(patience=0.5)


async def test_resuming_by_id_misses_nothing(server, house):
    await ring_later(house.workspace, 15)
    async with streaming(server, "/realtime/stream", house.key) as stream:
        block, _ = await stream.event()
    epoch = block["id"].rsplit(".", 1)[0]
    headers = {"Last-Event-ID": f"{epoch}.2"}
    async with streaming(server, "/realtime/stream", house.key, headers) as stream:
        assert [(await stream.event())[1]["seq"] for _ in range(13)] == list(range(3, 16))


async def test_what_cannot_be_told_in_full_begins_again(uvicorn, house):
    await ring_later(house.workspace, 12)
    for strange in ("of-old.3", "of-old.99"):
        headers = {"Last-Event-ID": strange}
        async with streaming(uvicorn, "/realtime/stream", house.key, headers) as stream:
            assert (await stream.event())[1]["event_type"] == "reset"
        async with streaming(uvicorn, "/events", house.key, headers) as stream:
            await stream.next(), await stream.next()
            assert await stream.next() == {"event": "reset", "data": "{}"}


@pytest.mark.parametrize("strange", ["garbage", "a.b.c", "x" * 9000])
async def test_place_that_cannot_be_read_is_not_passed_over(uvicorn, house, strange):
    await ring_later(house.workspace, 12)
    headers = {"Last-Event-ID": strange}
    async with streaming(uvicorn, "/realtime/stream", house.key, headers) as stream:
        assert (await stream.event())[1]["event_type"] == "reset"
        await ring_later(house.workspace, first=13)
        assert (await stream.event())[1]["seq"] == 13


async def test_stream_that_is_followed_into_a_second_workspace_begins_again(uvicorn, house):
    """Its place was told in the words of a stream of one, which says nothing of two."""
    person = await off_loop(member, house.workspace)
    headers = {"Authorization": f"Bearer {await off_loop(session_token, person)}"}
    await ring_later(house.workspace)
    async with streaming(uvicorn, "/realtime/stream", headers=headers) as stream:
        block, _ = await stream.event()
    await off_loop(MembershipFactory.create, user=person)
    await ring_later(house.workspace, 20, first=2)
    headers["Last-Event-ID"] = block["id"]
    async with streaming(uvicorn, "/realtime/stream", headers=headers) as stream:
        assert (await stream.event())[1]["event_type"] == "reset"


async def test_one_stream_too_many_is_refused_before_it_begins(uvicorn, house):
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(timeout=PATIENCE, limits=limits) as http,
        AsyncExitStack() as opened,
    ):
        answers = []
        for _ in range(101):
            asked = http.stream(
                "GET", f"{uvicorn.url}/realtime/stream", headers={"X-API-Key": house.key}
            )
            answer = await opened.enter_async_context(asked)
            if answer.status_code == 200:
                answers.append(Blocks(answer))
                await answers[-1].next()
            else:
                refusal = json.loads(await answer.aread())
    assert len(answers) == 100
    assert (answer.status_code, refusal["error"]["code"]) == (429, "too_many_sockets")


async def test_id_of_several_workspaces_resumes_in_each(uvicorn, house):
    def two_homes():
        second = WorkspaceFactory.create()
        person = member(second, Role.VIEWER)
        MembershipFactory.create(workspace=house.workspace, user=person)
        return second, session_token(person)

    second, token = await off_loop(two_homes)
    headers = {"Authorization": f"Bearer {token}"}
    await ring_later(house.workspace, 2)
    await ring_later(second, 1)
    async with streaming(uvicorn, "/realtime/stream", headers=headers) as stream:
        seen = [await stream.event() for _ in range(3)]
    homes = [event["workspace_id"] for _, event in seen]
    assert homes == [str(house.workspace.id)] * 2 + [str(second.id)]
    await ring_later(second, 2, first=2)
    await ring_later(house.workspace, 1, first=3)
    headers["Last-Event-ID"] = seen[1][0]["id"]
    async with streaming(uvicorn, "/realtime/stream", headers=headers) as stream:
        again = [(await stream.event())[1] for _ in range(4)]
    numbers = [(event["workspace_id"], event["payload"]["number"]) for event in again]
    assert numbers == [(str(second.id), n) for n in (1, 2, 3)] + [(str(house.workspace.id), 3)]


async def test_eventsource_may_give_its_key_in_the_query_and_it_is_not_logged(server, house):
    for name in ("key", "token"):
        path = f"/events?{name}={house.key}"
        async with streaming(server, path) as stream:
            assert stream.response.status_code == 200
            await stream.next()
    assert house.key not in server.log.read_text()


async def test_who_posts_to_a_stream_is_told_what_is_offered(uvicorn, house):
    async with httpx.AsyncClient() as http:
        for path in ("/realtime/stream", "/events"):
            answer = await http.post(uvicorn.url + path, headers={"X-API-Key": house.key})
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
            assert answer.json()["error"]["code"] == "method_not_allowed"


async def test_nobody_gets_no_stream(uvicorn, house):
    for path in ("/realtime/stream", "/events?key=lat_nothing", "/api/v1/events"):
        async with streaming(uvicorn, path) as stream:
            assert stream.response.status_code == 401
            assert json.loads(await stream.response.aread())["error"]["code"]


@pytest.mark.long
async def test_whoever_belongs_nowhere_has_an_open_stream_that_shows_nothing(uvicorn, house):
    def nobody_special():
        person = member(house.workspace)
        token = session_token(person)
        Membership.objects.filter(user=person).delete()
        return token

    token = await off_loop(nobody_special)
    headers = {"Authorization": f"Bearer {token}"}
    async with streaming(uvicorn, "/realtime/stream", headers=headers) as stream:
        await stream.next()
        await ring_later(house.workspace)
        assert (await stream.next())[""] == "heartbeat"


async def test_another_workspace_is_refused(uvicorn, house):
    foreign = await off_loop(WorkspaceFactory.create)
    async with streaming(
        uvicorn, "/realtime/stream", house.key, {"X-Workspace-Id": str(foreign.id)}
    ) as stream:
        assert stream.response.status_code == 403


async def test_open_streams_hold_no_thread_and_no_connection(uvicorn, house):
    await _one(uvicorn, house)
    before = uvicorn.threads
    opened = [streaming(uvicorn, "/realtime/stream", house.key) for _ in range(40)]
    streams = [await stream.__aenter__() for stream in opened]
    for stream in streams:
        await stream.next()
    assert uvicorn.threads <= before + 4
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{uvicorn.url}/realtime/feed", headers={"X-API-Key": house.key})
    assert answer.json()["stats"]["subscribers"] >= 40
    for stream in opened:
        await stream.__aexit__(None, None, None)


async def _one(server, house):
    async with streaming(server, "/realtime/stream", house.key) as stream:
        await stream.next()
