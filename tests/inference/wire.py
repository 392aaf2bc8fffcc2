"""A model on this machine that speaks OpenAI's embeddings, and that can be told to misbehave."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.outside import QuietDoor, open_to_callers

KEY = "sk-orchard-0123456789abcdef"


@dataclass
class Wire:
    """What it was asked; `answers` are given one after the other, the last one again and again."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    answers: list[Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]] = field(
        default_factory=list
    )


def send(door: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    door.send_response(status)
    for name, value in headers.items():
        door.send_header(name.replace("_", "-"), value)
    door.send_header("Content-Type", "application/json")
    door.send_header("Content-Length", str(len(body)))
    door.end_headers()
    with suppress(BrokenPipeError, ConnectionResetError):
        door.wfile.write(body)


def vectors(dimensions=8, tokens=None, **changes):
    """A proper answer, with its rows in the wrong order, as the protocol allows."""

    def answer(door, asked):
        rows = [
            {"object": "embedding", "index": n, "embedding": [3.0, 4.0] + [0.0] * (dimensions - 2)}
            for n in range(len(asked["input"]))
        ]
        used = tokens if tokens is not None else 10 * len(rows)
        whole = {
            "object": "list",
            "model": asked["model"],
            "data": rows[::-1],
            "usage": {"prompt_tokens": used, "total_tokens": used},
        }
        send(door, 200, json.dumps(whole | changes).encode())

    return answer


def refusal(status, **headers):
    """Which repeats the key, as some do."""

    def answer(door, asked):
        said = {"error": {"message": f"Bad key {KEY} for {asked['input']}", "type": "x"}}
        send(door, status, json.dumps(said).encode(), **headers)

    return answer


def raw(body):
    return lambda door, asked: send(door, 200, body)


def silence(released: threading.Event):
    return lambda door, asked: released.wait(60)


@contextmanager
def open_wire() -> Iterator[Wire]:
    wire = Wire(answers=[vectors()])

    class Door(QuietDoor):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            wire.asked.append(asked)
            wire.keys.append(self.headers["Authorization"])
            answer = wire.answers[0] if len(wire.answers) == 1 else wire.answers.pop(0)
            answer(self, asked)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    wire.url = f"http://127.0.0.1:{server.server_port}/v1"
    with open_to_callers(server):
        yield wire


@pytest.fixture
def wire(settings) -> Iterator[Wire]:
    """A remote model of 8 dimensions, of which a token costs a ten-thousandth of a dollar."""
    with open_wire() as wire:
        settings.EMBEDDING_MODEL = "openai/orchard-embed"
        settings.EMBEDDING_DIMENSIONS = 8
        settings.EMBEDDING_API_BASE = wire.url
        settings.EMBEDDING_API_KEY = KEY
        settings.EMBEDDING_PRICE = Decimal(100)
        settings.EMBEDDING_TIMEOUT = 10.0
        yield wire
