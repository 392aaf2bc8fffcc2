"""Clients of the socket, on real servers."""

import asyncio
import json
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import websockets
import yaml
from jsonschema import Draft202012Validator

from config.env import ROOT

PATIENCE = 60.0
OUT_WITHIN = 20.0
"""Five seconds are promised, and a crowded machine takes longer over everything."""
DESCRIPTION = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())


@cache
def _schema_of(kind, operation):
    shown = DESCRIPTION["operations"][operation]["messages"]
    assert kind in [message["$ref"].rpartition("/")[2] for message in shown]
    return Draft202012Validator(
        {"$ref": f"#/components/schemas/{kind}", "components": DESCRIPTION["components"]}
    )


def as_described(frame, operation="show"):
    """The same frame, held against docs/asyncapi.yaml."""
    _schema_of(frame["type"], operation).validate(frame)
    return frame


class Live:
    """A client of the socket that answers pings, and remembers every frame it was sent."""

    ready: dict[str, Any]
    operation = "show"
    answers: tuple[str, ...] = ("ok", "error")

    def __init__(self, wire):
        self.wire = wire
        self.frames = []

    async def next(self, patience=PATIENCE):
        """The next frame that is not a ping."""
        async with asyncio.timeout(patience):
            while True:
                frame = as_described(json.loads(await self.wire.recv()), self.operation)
                self.frames.append(frame)
                if frame["type"] != "ping":
                    return frame
                await self.send(type="pong", n=frame["n"])

    async def send(self, **frame):
        await self.wire.send(json.dumps(frame))

    async def ask(self, patience=PATIENCE, **frame):
        """The answer to a command; events that come before it are kept in `frames`."""
        await self.send(**frame)
        while True:
            answer = await self.next(patience)
            if answer["type"] in self.answers and answer["id"] == frame.get("id"):
                return answer

    async def watch(self, workspace, after=None, **more):
        if after:
            more["after"] = after
        return await self.ask(id=1, type="subscribe", topic=f"workspace:{workspace}", **more)

    async def closed(self, patience=PATIENCE):
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
async def connected(server, token=None, path="/ws/v1/", hello=None, client=Live, **options):
    headers = dict(options.pop("headers", {}))
    options.setdefault("open_timeout", PATIENCE)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    address = server.url.replace("http", "ws") + path
    async with websockets.connect(address, additional_headers=headers, **options) as wire:
        live = client(wire)
        if hello:
            await live.send(type="hello", token=hello)
        if token or hello:
            live.ready = await live.next()
        yield live
