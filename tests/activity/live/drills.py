"""What is done to sockets to see whether promises hold: short in the suite, long in the torture."""

import asyncio
import json
import random
import select
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from itertools import pairwise

import httpx
import websockets

from apps.common.actors import SYSTEM
from apps.ledger.services import record, unit
from tests.activity.live.rings import BellRung, ring
from tests.activity.live.servers import connected
from tests.databases import off_loop

GONE = (OSError, websockets.WebSocketException, TimeoutError)
FORGETS = 1 / 4


class Faithful:
    """A client that comes back whenever it is cut off, and resumes from what it has seen.

    Given a `chance`, it sometimes comes back as a program does that ended before it wrote down its
    place: it asks for what it has dealt with already, and tells that by the `id`.
    """

    def __init__(self, server, key, workspace, chance=None):
        self.server, self.key, self.workspace, self.chance = server, key, workspace, chance
        self.seen = []
        """The numbers of what it dealt with, in the order in which that came."""
        self.known = set()
        self.again = self.reloads = self.connections = 0
        self.epoch = None
        self.is_watching = False

    async def watch(self, last):
        while not self.has(last):
            try:
                async with connected(self.server, self.key, open_timeout=5) as live:
                    await self._follow(live, last)
            except GONE:
                await asyncio.sleep(0.05)
            finally:
                self.is_watching = False

    def has(self, seq):
        return seq == 0 or (bool(self.seen) and self.seen[-1] >= seq)

    async def _follow(self, live, last):
        if live.ready["type"] == "error":
            assert await live.closed() == 1012, live.ready
            return
        after = {"epoch": self.epoch, "seq": self._place()} if self.epoch else None
        answer = await live.watch(self.workspace.id, after=after)
        self.connections += 1
        self.reloads += bool(self.epoch) and not answer["recovered"]
        self.epoch = live.ready["epoch"]
        self.is_watching = True
        async for text in live.wire:
            frame = json.loads(text)
            if frame["type"] == "ping":
                await live.send(type="pong", n=frame["n"])
                continue
            self._note(frame["seq"], frame["event"])
            if self.has(last):
                return

    def _place(self):
        place = self.seen[-1] if self.seen else 0
        if self.chance and self.chance.random() < FORGETS:
            place -= self.chance.randrange(20)
        return max(0, place)

    def _note(self, seq, event):
        assert event["seq"] == event["payload"]["number"] == seq
        if event["id"] in self.known:
            self.again += 1
        else:
            self.known.add(sys.intern(event["id"]))
            self.seen.append(seq)

    @property
    def repeated(self):
        return len(self.seen) - len(set(self.seen))

    @property
    def out_of_order(self):
        return sum(later < earlier for earlier, later in pairwise(self.seen))


def _all_have(crowd, seq):
    return all(client.has(seq) for client in crowd)


async def restart_under(server, house, keys, *, sockets, restarts, events, seed):
    """Row 3. Nobody misses anything, whatever happens to the server, and whenever.

    It is killed or told to end, at some event: while all are up to date, while some still come
    back from the last time, or before anybody does. Returns what went wrong, and how it went.
    """
    chance = random.Random(seed)
    crowd = [
        Faithful(server, keys[n % len(keys)], house.workspace, random.Random(seed + n))
        for n in range(sockets)
    ]
    watching = [asyncio.create_task(client.watch(events)) for client in crowd]

    async def until(fact):
        while not fact():
            for task in watching:
                if task.done():
                    task.result()
            await asyncio.sleep(0.02)

    await until(lambda: all(client.epoch for client in crowd))
    written = killed = 0
    for number in range(restarts):
        share = events * (number + 1) // (restarts + 1) - written
        match chance.choice(["up to date", "coming back", "away"]):
            case "up to date":
                await until(partial(_all_have, crowd, written))
            case "coming back":
                await until(lambda: sum(client.is_watching for client in crowd) > sockets // 2)
        moment = chance.randrange(share)
        await off_loop(ring, house.workspace, moment, first=written + 1)
        writing = asyncio.create_task(
            off_loop(ring, house.workspace, share - moment, first=written + moment + 1)
        )
        by_force = chance.random() < 0.5
        killed += by_force
        await asyncio.to_thread(server.kill if by_force else server.stop)
        await asyncio.to_thread(server.start)
        await writing
        written += share
    await off_loop(ring, house.workspace, events - written, first=written + 1)
    async with asyncio.timeout(300):
        await asyncio.gather(*watching)
    wrong = {
        "missed": sum(events - len(set(client.seen)) for client in crowd),
        "out of order": sum(client.out_of_order for client in crowd),
        "repeated": sum(client.repeated for client in crowd),
        "reloads": sum(client.reloads for client in crowd),
    }
    return wrong, {
        "known by their id": sum(client.again for client in crowd),
        "connections": sum(client.connections for client in crowd),
        "killed": killed,
    }


def stalled(server, key, workspace):
    """A socket that says what it wants and then never reads."""
    wire = socket.socket()
    wire.settimeout(30)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.connect(("127.0.0.1", server.port))
    wire.sendall(
        b"GET /ws/v1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Version: 13\r\n\r\n"
    )
    head = b""
    while b"\r\n\r\n" not in head:
        head += (more := wire.recv(1024))
        assert more, head
    for frame in (
        {"type": "hello", "token": key},
        {"id": 1, "type": "subscribe", "topic": f"workspace:{workspace.id}"},
    ):
        text = json.dumps(frame).encode()
        size = bytes([0x80 | len(text)])
        if len(text) > 125:
            size = b"\xfe" + len(text).to_bytes(2, "big")
        wire.sendall(b"\x81" + size + bytes(4) + text)
    return wire


class Stallers(threading.Thread):
    """So many sockets that never read. Whichever is cut off comes back as often as that happens."""

    def __init__(self, server, keys, workspace, sockets):
        super().__init__()
        self.server, self.keys, self.workspace = server, keys, workspace
        self.poll = select.poll()
        self.wires = {}
        self.opened = self.cut_off = 0
        for _ in range(sockets):
            self._open()
        self.held = []
        """How many sockets the server says it has, every other second."""
        self.ended = threading.Event()

    def _open(self):
        wire = stalled(self.server, self.keys[self.opened % len(self.keys)], self.workspace)
        self.opened += 1
        self.wires[wire.fileno()] = wire
        self.poll.register(wire, select.POLLRDHUP)  # what it says otherwise is left unread

    def run(self):
        with httpx.Client(headers={"X-API-Key": self.keys[0]}, timeout=30) as http:
            while not self.ended.wait(2):
                for number, _ in self.poll.poll(0):
                    self.poll.unregister(number)
                    self.wires.pop(number).close()
                    self.cut_off += 1
                    self._open()
                feed = http.get(f"{self.server.url}/realtime/feed").json()
                self.held.append(feed["stats"]["subscribers"])

    def stop(self):
        self.ended.set()
        self.join()
        for wire in self.wires.values():
            wire.close()


async def stall_beside(server, house, keys, *, sockets, seconds, note=2_000, pace=0.02, seed=0):
    """Row 15. Those who never read hurt themselves alone."""
    chance = random.Random(seed)
    committed: dict[int, float] = {}
    arrived: list[float] = []

    def write():
        number = 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            number += 1
            with unit(actor=SYSTEM, workspace=house.workspace.id):
                record(BellRung(number=number, note="x" * chance.randrange(2 * note)))
                committed[number] = time.monotonic()
            time.sleep(pace)
        return number

    async with connected(server, house.key) as live:
        await live.watch(house.workspace.id)
        stallers = await asyncio.to_thread(Stallers, server, keys, house.workspace, sockets)
        before, peak = server.memory, 0
        stallers.start()
        try:
            writing = asyncio.create_task(off_loop(write))
            while not writing.done() or len(arrived) < writing.result():
                with suppress(TimeoutError):
                    event = await live.next(patience=1)
                    began = committed[event["event"]["payload"]["number"]]
                    arrived.append(time.monotonic() - began)
                live.frames.clear()
                peak = max(peak, server.memory)
        finally:
            await asyncio.to_thread(stallers.stop)
    arrived.sort()
    return {
        "events": len(arrived),
        "grown": (peak - before) / 1e6,
        "p50": arrived[len(arrived) // 2] * 1000,
        "p99": arrived[int(len(arrived) * 0.99)] * 1000,
        "slowest": arrived[-1] * 1000,
        "held": sorted(stallers.held)[len(stallers.held) // 2] - 1 if stallers.held else 0,
        "cut off": stallers.cut_off,
    }
