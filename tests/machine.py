"""Real processes for tests: a relay and a worker on a database and a Redis of the test's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import pytest
import redis

from apps.common.runtime.redis import redis_server
from config.env import ROOT
from tests.activity.receiver import Receiver, listening
from tests.waiting import eventually

RELAY = """
import django
django.setup()
from django.core.management import call_command
from tests.activity import belfry
call_command("relay")
"""
"""`manage.py relay`, for subscribers that only tests have."""


class OwnRedis:
    """A Redis to be hurt."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "r.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        words = ["--port", "0", "--unixsocket", str(self.socket), "--save", ""]
        self.process = subprocess.Popen(
            [redis_server(), *words], stdout=subprocess.DEVNULL, cwd=self.socket.parent
        )
        eventually(self._answers)

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket))

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


class Machine:
    """Starts processes of Lattice, and ends them with the test."""

    def __init__(self, folder: Path, database: str, redis: OwnRedis) -> None:
        self.folder = folder
        self.redis = redis
        self.environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": redis.url}
        self.processes: dict[subprocess.Popen[bytes], Callable[[], object]] = {}
        """And how each is started once more."""

    def run(self, name: str, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=self.environment | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.processes[process] = partial(self.run, name, *words, **environment)
        return process

    def revive(self) -> None:
        """What ended by itself, as `manage.py up` does."""
        for process in [each for each in self.processes if each.poll() is not None]:
            self.processes.pop(process)()

    def relay(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.run("relay", "-c", RELAY, **environment)

    def worker(self, children: int = 2, **environment: str) -> subprocess.Popen[bytes]:
        words = ("-m", "celery", "-A", "config.celery", "worker", f"--concurrency={children}")
        extra = ("--without-gossip", "--without-mingle", "--include=tests.activity.belfry")
        return self.run("worker", *words, *extra, **environment)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def stop(self) -> None:
        for process in self.processes:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            finally:
                process.wait()


@pytest.fixture
def own_redis(tmp_path_factory) -> Iterator[OwnRedis]:
    own = OwnRedis(tmp_path_factory.mktemp("r"))
    yield own
    own.signal(signal.SIGCONT)
    own.kill()


@pytest.fixture
def machine(tmp_path, committed_database, own_redis) -> Iterator[Machine]:
    made = Machine(tmp_path, committed_database, own_redis)
    yield made
    made.stop()
    for log in tmp_path.glob("*.log"):  # shown by pytest when the test fails
        sys.stdout.write(f"--- {log.name}\n{log.read_text()[-4000:]}")


@pytest.fixture
def subscribed(settings) -> Callable[..., None]:
    def subscribe(*tasks: str) -> None:
        settings.SUBSCRIPTIONS = {"tests.tower.bell_rung": list(tasks)}

    return subscribe


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    settings.WEBHOOK_ALLOW_CIDRS = [ip_network("127.0.0.0/8")]
    with listening() as found:
        yield found
