"""The one client of every case: many sockets in one process, raw frames, no library in the way.

    client.py <port> <sockets> <events> <results> <topic> <key>...

It says hello with one of the keys, watches its workspace, answers pings, notes when each event
arrives at each socket, and ends when all have come. It looks for the number of an event in the
bytes and parses nothing else.
"""

import array
import asyncio
import base64
import json
import os
import struct
import sys
import time
from pathlib import Path

import uvloop

NUMBER = b'"number":'
PATIENCE = 120


class Socket(asyncio.Protocol):
    def __init__(self, room, key, topic):
        self.room, self.key, self.topic = room, key, topic
        self.shaken = False
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport
        nonce = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /ws/v1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {nonce}\r\n"
            f"Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def say(self, **frame):
        text = json.dumps(frame).encode()
        mask = os.urandom(4)
        head = bytes([0x81]) + (
            bytes([0x80 | len(text)])
            if len(text) < 126
            else bytes([0x80 | 126]) + struct.pack("!H", len(text))
        )
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
        self.transport.write(head + mask + masked)

    def data_received(self, data):
        now = time.monotonic_ns()
        buffer = self.buffer + data if self.buffer else data
        if not self.shaken:
            head, found, buffer = buffer.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            assert b" 101 " in head, head
            self.shaken = True
            self.say(type="hello", token=self.key)
        while True:
            if len(buffer) < 2:
                break
            size, start = buffer[1], 2
            if size == 126:
                if len(buffer) < 4:
                    break
                size, start = int.from_bytes(buffer[2:4], "big"), 4
            elif size == 127:
                if len(buffer) < 10:
                    break
                size, start = int.from_bytes(buffer[2:10], "big"), 10
            if len(buffer) < start + size:
                break
            self.frame(buffer[0] & 15, buffer[start : start + size], now)
            buffer = buffer[start + size :]
        self.buffer = buffer

    def frame(self, opcode, text, now):
        at = text.find(NUMBER)
        if at >= 0:
            end = text.find(b"}", at)
            comma = text.find(b",", at)
            end = comma if 0 <= comma < end else end
            self.room.note(int(text[at + len(NUMBER) : end]), now)
        elif opcode == 9:
            self.transport.write(bytes([0x8A, 0x80 | len(text)]) + bytes(4) + text)
        elif opcode == 8:
            self.room.fail(f"closed with {int.from_bytes(text[:2], 'big')}")
        elif b'"ready"' in text:
            self.say(id=1, type="subscribe", topic=self.topic)
        elif b'"ping"' in text:
            self.say(type="pong", n=json.loads(text)["n"])
        elif b'"ok"' in text:
            self.room.entered()
        else:
            self.room.fail(text[:300].decode())

    def connection_lost(self, error):
        if not self.room.done.done():
            self.room.fail(f"lost: {error}")


class Room:
    def __init__(self, sockets, events):
        self.times = [array.array("q") for _ in range(events)]
        self.missing = sockets * events
        self.waiting = sockets
        self.ready = asyncio.get_running_loop().create_future()
        self.done = asyncio.get_running_loop().create_future()

    def entered(self):
        self.waiting -= 1
        if not self.waiting:
            self.ready.set_result(None)

    def note(self, number, now):
        self.times[number].append(now)
        self.missing -= 1
        if not self.missing:
            self.done.set_result(None)

    def fail(self, why):
        for future in (self.ready, self.done):
            if not future.done():
                future.set_exception(RuntimeError(why))


async def main(port, sockets, events, topic, keys):
    room = Room(sockets, events)
    loop = asyncio.get_running_loop()
    for number in range(sockets):
        key = keys[number % len(keys)]
        await loop.create_connection(lambda key=key: Socket(room, key, topic), "127.0.0.1", port)
    await asyncio.wait_for(room.ready, PATIENCE)
    print("ready", flush=True)
    await asyncio.wait_for(room.done, PATIENCE + events * 3)
    print("done", flush=True)
    return room.times


if __name__ == "__main__":
    port, sockets, events, results, topic, *keys = sys.argv[1:]
    times = uvloop.run(main(int(port), int(sockets), int(events), topic, keys))
    Path(results).write_text(json.dumps([list(found) for found in times]))
