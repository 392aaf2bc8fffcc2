"""What is done to sockets to see whether promises hold: short in the suite, long in the torture."""

import asyncio
import json
import socket
import time
from contextlib import suppress

import websockets

from apps.common.actors import SYSTEM
from apps.ledger.services import record, unit
from tests.activity.live.conftest import off_loop, ring
from tests.activity.live.rings import BellRung
from tests.activity.live.servers import connected

GONE = (OSError, websockets.WebSocketException, TimeoutError)


class Faithful:
    """A client that comes back whenever it is cut off, and resumes from what it has seen."""

    def __init__(self, server, key, workspace):
        self.server, self.key, self.workspace = server, key, workspace
        self.seen = []
        self.repeated = self.reloads = self.connections = 0
        self.epoch = None

    async def watch(self, last):
        while not self.seen or self.seen[-1] < last:
            try:
                async with connected(self.server, self.key, open_timeout=5) as live:
                    await self._follow(live, last)
            except GONE:
                await asyncio.sleep(0.05)

    async def _follow(self, live, last):
        after = {"epoch": self.epoch, "seq": self.seen[-1] if self.seen else 0}
        answer = await live.watch(self.workspace.id, after=after if self.epoch else None)
        self.connections += 1
        self.reloads += bool(self.epoch) and not answer["recovered"]
        self.epoch = live.ready["epoch"]
        while not self.seen or self.seen[-1] < last:
            self._note((await live.next(patience=60))["seq"])

    def _note(self, seq):
        if self.seen and seq <= self.seen[-1]:
            self.repeated += 1
        else:
            self.seen.append(seq)


async def restart_under(server, house, *, sockets, restarts, events):
    """Row 3. Nobody misses anything, whatever happens to the server."""
    crowd = [Faithful(server, house.key, house.workspace) for _ in range(sockets)]
    watching = [asyncio.create_task(client.watch(events)) for client in crowd]
    while not all(client.epoch for client in crowd):  # noqa: ASYNC110 (no event tells it)
        await asyncio.sleep(0.02)
    between = events // (restarts + 1)
    for number in range(restarts):
        writing = asyncio.create_task(
            off_loop(ring, house.workspace, between, first=1 + number * between)
        )
        await asyncio.to_thread(server.restart)
        await writing
    written = restarts * between
    await off_loop(ring, house.workspace, events - written, first=1 + written)
    async with asyncio.timeout(60):
        await asyncio.gather(*watching)
    return {
        "missed": sum(events - len(client.seen) for client in crowd),
        "out of order": sum(client.seen != sorted(client.seen) for client in crowd),
        "repeated": sum(client.repeated for client in crowd),
        "reloads": sum(client.reloads for client in crowd),
        "connections": sum(client.connections for client in crowd),
    }


def stalled(server, key, workspace):
    """A socket that says what it wants and then never reads."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.connect(("127.0.0.1", server.port))
    wire.sendall(
        b"GET /ws/v1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    )
    while b"\r\n\r\n" not in wire.recv(1024):
        pass
    for frame in (
        {"type": "hello", "token": key},
        {"id": 1, "type": "subscribe", "topic": f"workspace:{workspace.id}"},
    ):
        text = json.dumps(frame).encode()
        size = bytes([0x80 | len(text)])
        if len(text) > 125:
            size = b"\xfe" + len(text).to_bytes(2, "big")
        wire.sendall(b"\x81" + size + bytes(4) + text)
        time.sleep(0.05 if frame["type"] == "hello" else 0)
    return wire


async def stall_beside(server, house, keys, *, sockets, seconds, note=2_000, pace=0.02):
    """Row 15. Those who never read hurt themselves alone."""
    committed: dict[int, float] = {}
    arrived: list[float] = []

    def write():
        number = 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            number += 1
            with unit(actor=SYSTEM, workspace=house.workspace.id):
                record(BellRung(number=number, note="x" * note))
                committed[number] = time.monotonic()
            time.sleep(pace)
        return number

    async with connected(server, house.key) as live:
        await live.watch(house.workspace.id)
        wires = [
            await asyncio.to_thread(stalled, server, keys[n % len(keys)], house.workspace)
            for n in range(sockets)
        ]
        before, peak = server.memory, 0
        writing = asyncio.create_task(off_loop(write))
        while not writing.done() or len(arrived) < writing.result():
            with suppress(TimeoutError):
                event = await live.next(patience=1)
                began = committed[event["event"]["payload"]["number"]]
                arrived.append(time.monotonic() - began)
            live.frames.clear()
            peak = max(peak, server.memory)
        for wire in wires:
            wire.close()
    arrived.sort()
    return {
        "events": len(arrived),
        "grown": (peak - before) / 1e6,
        "p99": arrived[int(len(arrived) * 0.99)] * 1000,
    }
