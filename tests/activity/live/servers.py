"""Real servers and real sockets for the tests of what is live."""

import asyncio
import json
import os
import socket
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import websockets

from apps.common.runtime.programs import programs
from config.env import ROOT

PATIENCE = 40


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Server:
    """One web process. `restart` kills it and starts another one on the same port."""

    process: subprocess.Popen[bytes]

    def __init__(self, name, database_url, log, **environment):
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/v1/"
        self.log = log
        self._environment = {**os.environ, "DATABASE_URL": database_url, **environment}

    def start(self):
        (web, *_) = programs(server=self.name, host="127.0.0.1", port=self.port)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                web.command, cwd=ROOT, env=self._environment, stdout=output, stderr=output
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, f"{self.name} does not answer"
            try:
                httpx.get(f"{self.url}/livez", timeout=5)
                return self
            except httpx.TransportError:
                time.sleep(0.05)

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self):
        self.kill()
        return self.start()

    @property
    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    @property
    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))


@contextmanager
def serving(name, database_url, log, **environment):
    server = Server(name, database_url, log, **environment)
    try:
        yield server.start()
    finally:
        server.stop()


class Live:
    """A client of the socket that answers pings, and remembers every frame it was sent."""

    ready: dict[str, Any]

    def __init__(self, wire):
        self.wire = wire
        self.frames = []

    async def next(self, patience=15):
        """The next frame that is not a ping."""
        async with asyncio.timeout(patience):
            while True:
                frame = json.loads(await self.wire.recv())
                self.frames.append(frame)
                if frame["type"] != "ping":
                    return frame
                await self.send(type="pong", n=frame["n"])

    async def send(self, **frame):
        await self.wire.send(json.dumps(frame))

    async def ask(self, patience=15, **frame):
        """The answer to a command; events that come before it are kept in `frames`."""
        await self.send(**frame)
        while True:
            answer = await self.next(patience)
            if answer["type"] in ("ok", "error") and answer["id"] == frame.get("id"):
                return answer

    async def watch(self, workspace, after=None, **more):
        if after:
            more["after"] = after
        return await self.ask(id=1, type="subscribe", topic=f"workspace:{workspace}", **more)

    async def closed(self, patience=15):
        """The code the server closes with."""
        async with asyncio.timeout(patience):
            try:
                while True:
                    frame = json.loads(await self.wire.recv())
                    self.frames.append(frame)
                    if frame["type"] == "ping":
                        await self.send(type="pong", n=frame["n"])
            except websockets.ConnectionClosed:
                return self.wire.close_code


@asynccontextmanager
async def connected(server, token=None, path="/ws/v1/", hello=None, **options):
    headers = dict(options.pop("headers", {}))
    if token:
        headers["Authorization"] = f"Bearer {token}"
    address = server.url.replace("http", "ws") + path
    async with websockets.connect(address, additional_headers=headers, **options) as wire:
        live = Live(wire)
        if hello:
            await live.send(type="hello", token=hello)
        if token or hello:
            live.ready = await live.next()
        yield live
