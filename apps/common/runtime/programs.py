"""The processes Lattice consists of, beside PostgreSQL and Redis. A new one is one line here."""

import sys
from dataclasses import dataclass
from pathlib import Path

LARGEST_MESSAGE = 256_000
"""Bytes of a message on a socket. What is longer is not read at all: uvicorn closes the socket with
1009, Daphne cuts it off."""

SERVERS = {
    "uvicorn": (
        *("uvicorn", "config.asgi:application", "--host", "{host}", "--port", "{port}"),
        *("--lifespan", "off", "--no-access-log", "--no-server-header", "--no-proxy-headers"),
        *("--timeout-graceful-shutdown", "5", "--ws-max-size", str(LARGEST_MESSAGE)),
    ),
    "daphne": (
        *("daphne", "config.asgi:application", "--bind", "{host}", "--port", "{port}"),
        *("--no-server-name", "--verbosity", "0", "--application-close-timeout", "5"),
        *("--websocket-max-message-size", str(LARGEST_MESSAGE)),
        *("--websocket-max-frame-size", str(LARGEST_MESSAGE)),
    ),
}


@dataclass(frozen=True)
class Program:
    name: str
    module: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", *self.module]


MIRROR = Program("mirror", ("django", "sync_specs", "--watch", "--settings", "config.settings"))
"""Keeps a folder alike with a workspace."""
MIRROR_OF_NOBODY = "lattice.W021"
"""The check of settings that says that it would end at once."""


def demo_agent(data_dir: Path) -> Program:
    """It uses the API, as anybody's would, and what `up` writes down about the demo."""
    facts, notebook = data_dir / "demo.json", data_dir / "demo-agent.json"
    return Program("agent", ("demo.northwind", str(facts), "--notebook", str(notebook)))


def programs(*, server: str, host: str, port: int) -> list[Program]:
    web = tuple(word.format(host=host, port=port) for word in SERVERS[server])
    celery = ("celery", "-A", "config.celery")
    return [
        Program("web", web),
        Program("worker", (*celery, "worker", "--without-gossip", "--without-mingle")),
        Program("beat", (*celery, "beat")),
        Program("relay", ("django", "relay", "--settings", "config.settings")),
    ]
