"""The short forms of what docs/reliability.md promises about sockets; the long ones are torture."""

import asyncio
import socket
from contextlib import suppress

import pytest
import websockets

from tests.activity.live.drills import Faithful, restart_under, stall_beside
from tests.activity.live.rings import ring, ring_later
from tests.activity.live.servers import PATIENCE, connected
from tests.databases import off_loop
from tests.factories import issue, member
from tests.seeds import chosen_seed
from tests.serving import serving


async def test_sockets_miss_nothing_when_the_server_is_killed(house, tmp_path):
    with serving("uvicorn", tmp_path / "web.log", DATABASE_URL=house.database) as server:
        wrong, went = await restart_under(
            server, house, [house.key], sockets=10, restarts=2, events=300, seed=chosen_seed()
        )
    assert went["connections"] >= 20
    assert set(wrong.values()) == {0}, (wrong, went)


async def test_those_who_never_read_hurt_themselves_alone(server, house):
    keys = [await off_loop(lambda: issue(member(house.workspace), house.workspace))]
    found = await stall_beside(server, house, keys, sockets=50, seconds=6, note=20_000)
    assert found["events"] > 20
    assert found["grown"] < 50
    assert found["p99"] < 20_000


@pytest.mark.long
async def test_client_that_answers_no_ping_is_cut_off_where_the_server_would_not_wait(
    running, house
):
    """Daphne keeps in memory what is not read: the unanswered ping tells how much that is."""
    daphne = running("daphne")
    async with websockets.connect(
        daphne.ws_url, additional_headers={"X-API-Key": house.key}
    ) as wire:
        await wire.send(f'{{"id":1,"type":"subscribe","topic":"workspace:{house.workspace.id}"}}')
        while '"type":"ok"' not in await wire.recv():
            pass
        await ring_later(house.workspace, 40, note="x" * 10_000)
        received = 0
        async with asyncio.timeout(100):
            with suppress(websockets.ConnectionClosed):
                while True:
                    received += len(await wire.recv())
    assert wire.close_code == 4408
    assert 100_000 < received < 200_000
    faithful = await _resumed(daphne, house, 40)
    assert faithful.reloads == 0


async def test_client_that_stops_reading_is_told_when_it_reads_again_and_resumes(uvicorn, house):
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    wire.connect(("127.0.0.1", uvicorn.port))
    async with connected(uvicorn, house.key, sock=wire, max_queue=1, compression=None) as live:
        await live.watch(house.workspace.id)
        async with connected(uvicorn, house.key) as other:
            await other.watch(house.workspace.id)
            await ring_later(house.workspace, 220, note="x" * 40_000)
            while (await other.next())["seq"] < 220:  # by then each was handed to both
                pass
        assert await live.closed() == 4408
        seen = [frame["seq"] for frame in live.frames if frame["type"] == "event"]
        assert seen == list(range(1, len(seen) + 1))
        assert len(seen) < 220
    faithful = Faithful(uvicorn, house.key, house.workspace)
    faithful.seen, faithful.epoch = seen, live.ready["epoch"]
    await asyncio.wait_for(faithful.watch(220), PATIENCE)
    assert faithful.seen == list(range(1, 221))
    assert (faithful.reloads, faithful.again) == (0, 0)


async def test_without_redis_events_still_come(house, tmp_path):
    nowhere = "unix:///nowhere/redis.sock?db=0"
    with serving(
        "uvicorn", tmp_path / "web.log", DATABASE_URL=house.database, REDIS_URL=nowhere
    ) as server:
        async with connected(server, house.key) as live:
            await live.watch(house.workspace.id)
            await off_loop(ring, house.workspace, 3)
            assert [(await live.next())["seq"] for _ in range(3)] == [1, 2, 3]


async def _resumed(server, house, last):
    faithful = Faithful(server, house.key, house.workspace)
    async with connected(server, house.key) as live:
        faithful.epoch = live.ready["epoch"]
    await asyncio.wait_for(faithful.watch(last), PATIENCE)
    assert faithful.seen == list(range(1, last + 1))
    return faithful
