"""The socket, through real servers: what is sent, in which order, and how commands are answered."""

import asyncio
import json
from contextlib import suppress

import pytest
import websockets

from apps.accounts.choices import Role
from apps.activity.sockets import LARGEST_FRAME
from apps.common.runtime.programs import LARGEST_MESSAGE
from tests.activity.live.rings import ring_later
from tests.activity.live.servers import connected
from tests.databases import off_loop
from tests.factories import MembershipFactory, WorkspaceFactory, member
from tests.live import session_token


def move_in(workspace):
    person = member(workspace)
    return person, session_token(person)


async def test_events_come_in_order_with_their_epoch(server, house):
    async with connected(server, house.key) as live:
        assert live.ready == {
            "type": "ready",
            "user": str(house.owner.id),
            "heartbeat": 25,
            "epoch": live.ready["epoch"],
        }
        watching = await live.watch(house.workspace.id)
        assert watching == {"id": 1, "type": "ok", "seq": 0, "recovered": False}
        await ring_later(house.workspace, 3)
        events = [await live.next() for _ in range(3)]
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert {event["epoch"] for event in events} == {live.ready["epoch"]}
    assert {event["topic"] for event in events} == {f"workspace:{house.workspace.id}"}
    assert [event["event"]["payload"]["number"] for event in events] == [1, 2, 3]


async def test_payload_cannot_pose_as_what_the_server_says(uvicorn, house):
    async with connected(uvicorn, house.key) as live:
        await live.watch(house.workspace.id)
        await ring_later(house.workspace, note='{"seq": 99, "received_at": "never"}')
        event = (await live.next())["event"]
    assert event["seq"] == 1
    assert event["area"] == "tests"
    assert event["event_type"] == "tower_rung"
    assert event["workspace_id"] == str(house.workspace.id)
    assert event["text"] == "Tower rung"


async def test_resuming_replays_what_was_missed_and_goes_on(server, house):
    async with connected(server, house.key) as live:
        epoch = live.ready["epoch"]
    await ring_later(house.workspace, 5)
    async with connected(server, house.key) as live:
        answer = await live.watch(house.workspace.id, after={"epoch": epoch, "seq": 2})
        assert answer == {"id": 1, "type": "ok", "seq": 5, "recovered": True}
        missed = [(await live.next())["seq"] for _ in range(3)]
        await ring_later(house.workspace, first=6)
        assert [*missed, (await live.next())["seq"]] == [3, 4, 5, 6]


async def test_resuming_from_another_epoch_or_the_future_is_refused_whole(uvicorn, house):
    await ring_later(house.workspace, 2)
    async with connected(uvicorn, house.key) as live:
        here = live.ready["epoch"]
        for after in ({"epoch": "of old", "seq": 1}, {"epoch": here, "seq": 3}):
            answer = await live.watch(house.workspace.id, after=after)
            assert answer == {"id": 1, "type": "ok", "seq": 2, "recovered": False}
        await ring_later(house.workspace, first=3)
        assert (await live.next())["seq"] == 3


async def test_areas_choose_what_is_shown(uvicorn, house):
    async with connected(uvicorn, house.key) as live, connected(uvicorn, house.key) as other:
        await other.watch(house.workspace.id)
        await live.watch(house.workspace.id, areas=["approvals"])
        await ring_later(house.workspace)
        await other.next()
        await live.watch(house.workspace.id, areas=["approvals", "tests"])
        await ring_later(house.workspace, first=2)
        assert (await live.next())["event"]["payload"]["number"] == 2


@pytest.mark.long
async def test_whoever_is_shown_little_is_told_what_has_passed_and_resumes_after_it(server, house):
    topic = f"workspace:{house.workspace.id}"
    async with connected(server, house.key) as live:
        await live.watch(house.workspace.id, areas=["approvals"])
        await ring_later(house.workspace, 3)
        passed = await live.next(patience=100)
    epoch = live.ready["epoch"]
    assert passed == {"type": "passed", "topic": topic, "epoch": epoch, "seq": 3}
    await ring_later(house.workspace, first=4)
    async with connected(server, house.key) as live:
        after = {"epoch": epoch, "seq": passed["seq"]}
        assert (await live.watch(house.workspace.id, after=after))["recovered"]
        assert (await live.next())["seq"] == 4


async def test_one_socket_watches_many_workspaces(uvicorn, house):
    def two_homes():
        second = WorkspaceFactory.create()
        person = member(second, Role.VIEWER)
        MembershipFactory.create(workspace=house.workspace, user=person)
        return second, session_token(person)

    second, token = await off_loop(two_homes)
    async with connected(uvicorn, token) as live:
        await live.watch(house.workspace.id)
        await live.watch(second.id)
        await ring_later(second)
        await ring_later(house.workspace)
        seen = {(await live.next())["topic"] for _ in range(2)}
        assert seen == {f"workspace:{house.workspace.id}", f"workspace:{second.id}"}
        assert (await live.ask(id=5, type="unsubscribe", topic=f"workspace:{second.id}")) == {
            "id": 5,
            "type": "ok",
        }
        await ring_later(second)
        await ring_later(house.workspace, first=2)
        assert (await live.next())["event"]["payload"]["number"] == 2


async def test_somebody_elses_workspace_is_an_unknown_topic(server, house):
    foreign = await off_loop(WorkspaceFactory.create)
    async with connected(server, house.key) as live:
        for topic in (
            f"workspace:{foreign.id}",
            "workspace:00000000-0000-0000-0000-000000000000",
            "workspace:nonsense",
            "user:00000000-0000-0000-0000-000000000000",
            "system",
            "nothing:here",
        ):
            answer = await live.ask(id="a", type="subscribe", topic=topic)
            assert answer["error"]["code"] == "unknown_topic"
        await ring_later(foreign)
        await live.watch(house.workspace.id)
        await ring_later(house.workspace)
        assert (await live.next())["topic"] == f"workspace:{house.workspace.id}"


async def test_logins_are_seen_by_whom_they_concern_and_by_nobody_else(uvicorn, house):
    stranger, token = await off_loop(move_in, house.workspace)
    async with connected(uvicorn, token) as theirs, connected(uvicorn, house.key) as other:
        assert (await theirs.ask(id=1, type="subscribe", topic="user:me"))["type"] == "ok"
        assert (await other.ask(id=1, type="subscribe", topic="user:me"))["type"] == "ok"
        await other.watch(house.workspace.id)
        await off_loop(session_token, stranger)
        event = await theirs.next()
        assert event["event"]["type"] == "accounts.session.opened"
        assert event["event"]["workspace_id"] == "00000000-0000-0000-0000-000000000000"
        await ring_later(house.workspace)
        assert (await other.next())["event"]["type"] == "tests.tower.rung"


async def test_every_command_is_answered(server, house):
    async with connected(server, house.key) as live:
        for frame, code in (
            ({"type": "fly"}, "unknown_command"),
            ({"type": None}, "unknown_command"),
            ({}, "unknown_command"),
            ({"type": "subscribe"}, "invalid_command"),
            ({"type": "subscribe", "topic": 7}, "invalid_command"),
            ({"type": "subscribe", "topic": "user:me", "areas": "all"}, "invalid_command"),
            ({"type": "subscribe", "topic": "user:me", "after": {"seq": 1}}, "invalid_command"),
            ({"type": "unsubscribe", "topic": "user:me"}, "unknown_topic"),
            ({"type": "hello", "token": "again"}, "already_known"),
            ({"type": "pong", "n": "x"}, "invalid_command"),
        ):
            answer = await live.ask(id=7, **frame)
            assert answer["error"]["code"] == code
            assert set(answer["error"]) == {"code", "message", "details", "request_id"}
        assert await live.ask(id="last", type="ping") == {"id": "last", "type": "ok"}


async def test_frames_that_cannot_be_read_close_the_socket(server, house):
    for garbage in ("{", "[1]", '"hello"', '{"a": NaN}', b"bytes", '{"a": "' + "x" * 70_000 + '"}'):
        async with connected(server, house.key) as live:
            await live.wire.send(garbage)
            assert await live.closed() == 4400


@pytest.mark.parametrize("strange", [1.5, 1.0, True, [1], {"a": 1}, "x" * 65])
async def test_an_id_that_is_none_is_refused_and_nothing_is_done(uvicorn, house, strange):
    async with connected(uvicorn, house.key) as live:
        topic = f"workspace:{house.workspace.id}"
        await live.send(id=strange, type="subscribe", topic=topic)
        answer = await live.next()
        assert (answer["id"], answer["error"]["code"]) == (None, "invalid_command")
        assert answer["error"]["details"][0]["field"] == "id"
        assert (await live.ask(id=2, type="unsubscribe", topic=topic))["type"] == "error"


@pytest.mark.parametrize("good", [0, -7, 2**63 - 1, "", "x" * 64, None])
async def test_an_id_stands_in_the_answer(uvicorn, house, good):
    async with connected(uvicorn, house.key) as live:
        assert await live.ask(id=good, type="ping") == {"id": good, "type": "ok"}


async def test_every_error_names_its_request(server, house):
    async with connected(server) as live:
        await live.send(type="pong", n="x")
        await live.send(type="hello", token="lat_nothing")
        names = [(await live.next())["error"]["request_id"] for _ in range(2)]
    async with connected(server, headers={"X-API-Key": "lat_nothing"}) as live:
        names.append((await live.next())["error"]["request_id"])
    async with connected(server, house.key) as live:
        for frame in ({"type": "pong"}, {"type": "fly"}):
            await live.send(**frame)
            names.append((await live.next())["error"]["request_id"])
    assert all(names)
    assert len(set(names)) == 5


def padded(size, character="x"):
    """A command of so many characters that answers if it is read."""
    frame = {"id": 1, "type": "ping", "pad": ""}
    bare = len(json.dumps(frame))
    return json.dumps(frame | {"pad": character * (size - bare)}, ensure_ascii=False)


async def test_frame_as_large_as_may_be_is_read_whatever_its_characters_weigh(server, house):
    async with connected(server, house.key) as live:
        for character in "x€😀":
            await live.wire.send(padded(LARGEST_FRAME, character))
            assert (await live.next())["type"] == "ok"


async def test_frame_of_a_character_too_many_is_not_read(server, house):
    async with connected(server, house.key) as live:
        await live.wire.send(padded(LARGEST_FRAME + 1))
        assert await live.closed() == 4400


async def test_frame_that_says_it_is_oversized_is_not_waited_for(server, house):
    """Its head alone is sent, so nothing is under way that could drown the server's answer."""
    text, masked = 0x81, 0x80
    head = bytes([text, masked | 127]) + (LARGEST_MESSAGE + 1).to_bytes(8, "big") + bytes(4)
    async with connected(server, house.key) as live:
        live.wire.transport.write(head)
        assert await live.closed() == {"uvicorn": 1009, "daphne": 1006}[server.name]


@pytest.mark.parametrize("compression", ["deflate", None])
@pytest.mark.parametrize("known", [True, False])
async def test_oversized_frame_closes_its_socket_and_hurts_nobody(
    server, house, compression, known
):
    """Also from somebody who has not said hello, packed small, or sent in pieces.

    Daphne cuts them off without a code, and whoever still sends when uvicorn has gone may not hear
    its either: what was packed small had been sent before.
    """
    code = {"uvicorn": 1009, "daphne": 1006}[server.name]
    above = padded(LARGEST_MESSAGE + 1)
    pieces = [above[at : at + 50_000] for at in range(0, len(above), 50_000)]
    async with connected(server, house.key) as bystander:
        await bystander.watch(house.workspace.id)
        before = server.memory
        for frame, codes in (
            (above, {code} if compression else {code, 1006}),
            (pieces, {code, 1006}),
            (padded(20_000_000), {code, 1006}),
        ):
            token = house.key if known else None
            async with connected(server, token, compression=compression) as live:
                with suppress(websockets.ConnectionClosed):
                    await live.wire.send(frame)
                assert await live.closed() in codes
        assert server.memory - before < 15_000_000
        await ring_later(house.workspace)
        assert (await bystander.next())["type"] == "event"


async def code_after_flood(live, **frame):
    """How it ends to say the same as often as one can. However few a slow server reads in a second,
    there are always more."""

    async def say_it_again_and_again():
        with suppress(websockets.ConnectionClosed):
            while True:
                await live.send(**frame)
                await asyncio.sleep(0)

    flood = asyncio.create_task(say_it_again_and_again())
    try:
        return await live.closed()
    finally:
        flood.cancel()


async def test_flood_of_commands_is_refused_and_then_cut_off(uvicorn, house):
    async with connected(uvicorn, house.key) as live:
        assert await code_after_flood(live, id=1, type="ping") == 4429
    refused = [frame for frame in live.frames if frame["type"] == "error"]
    assert {frame["error"]["code"] for frame in refused} == {"rate_limited"}


@pytest.mark.parametrize("pong", [{"n": "x"}, {"n": 1}, {}])
async def test_flood_of_pongs_that_answer_no_ping_is_cut_off_as_well(uvicorn, house, pong):
    async with connected(uvicorn, house.key) as live:
        assert await code_after_flood(live, type="pong", **pong) == 4429


async def test_no_more_sockets_than_one_may_have(uvicorn, house):
    opened = [
        await websockets.connect(uvicorn.ws_url, additional_headers={"X-API-Key": house.key})
        for _ in range(100)
    ]
    for wire in opened:
        await wire.recv()
    async with connected(uvicorn) as late:
        await late.send(type="hello", token=house.key)
        assert (await late.next())["error"]["code"] == "too_many_sockets"
        assert await late.closed() == 4429
    for wire in opened:
        await wire.close()
    async with connected(uvicorn, house.key) as live:
        assert live.ready["type"] == "ready"
