"""The processes Lattice consists of, beside PostgreSQL and Redis. A new one is one line here."""

import sys
from dataclasses import dataclass

SERVERS = {
    "uvicorn": (
        *("uvicorn", "config.asgi:application", "--host", "{host}", "--port", "{port}"),
        *("--lifespan", "off", "--no-access-log", "--no-server-header", "--no-proxy-headers"),
        *("--timeout-graceful-shutdown", "5"),
    ),
    "daphne": (
        *("daphne", "config.asgi:application", "--bind", "{host}", "--port", "{port}"),
        *("--no-server-name", "--verbosity", "0", "--application-close-timeout", "5"),
    ),
}


@dataclass(frozen=True)
class Program:
    name: str
    module: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", *self.module]


def programs(*, server: str, host: str, port: int) -> list[Program]:
    web = tuple(word.format(host=host, port=port) for word in SERVERS[server])
    celery = ("celery", "-A", "config.celery")
    return [
        Program("web", web),
        Program("worker", (*celery, "worker", "--without-gossip", "--without-mingle")),
        Program("beat", (*celery, "beat")),
        Program("relay", ("django", "relay", "--settings", "config.settings")),
    ]
