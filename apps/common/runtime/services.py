"""The embedded PostgreSQL and Redis of one data folder, shared by whoever needs them.

Everybody who uses one holds a shared lock on it; the first one in starts it, the last one out
stops it. A process that is killed loses its lock and leaves them running for the next one to
adopt, so nobody ever has to believe a pid file.
"""

import fcntl
import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from apps.common.runtime import addresses
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.postgres import Postgres
from apps.common.runtime.redis import Redis


class Services:
    def __init__(
        self,
        data_dir: Path,
        postgres_options: Sequence[str] = (),
        *,
        postgres: bool = True,
        redis: bool = True,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.sockets = addresses.socket_dir(self.data_dir)
        self.run_dir = self.data_dir / "run"
        self.wanted: list[Postgres | Redis] = []
        if postgres:
            self.wanted.append(Postgres(self.data_dir, postgres_options))
        if redis:
            self.wanted.append(Redis(self.data_dir))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold them, starting what does not run."""
        self.prepare()
        with ExitStack() as locks:
            held = {}
            try:
                with self._transition():
                    for service in self.wanted:
                        held[service] = locks.enter_context(self._users(service))
                        fcntl.flock(held[service], fcntl.LOCK_SH)
                        self._start(service)
                yield
            finally:
                with self._transition():
                    self._stop_unused(held)

    def revive(self) -> list[str]:
        """Start again what was killed, and tell which. For those who hold them."""
        revived = []
        for service in self.wanted:
            if service.process() is None:
                with self._transition():
                    self._start(service)
                revived.append(service.name)
        return revived

    def stop_unused(self) -> None:
        """Stop what somebody who was killed left running."""
        self.prepare()
        with ExitStack() as locks, self._transition():
            self._stop_unused({s: locks.enter_context(self._users(s)) for s in self.wanted})

    def prepare(self) -> None:
        """Make the data folder, or say why it cannot be used."""
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            owner = self.data_dir.stat().st_uid
            if owner == os.geteuid():
                for folder in (self.run_dir, self.data_dir / "logs"):
                    folder.mkdir(exist_ok=True)
        except OSError as error:
            raise ServiceError(
                f"Cannot use the data folder {self.data_dir}: {error.strerror}. "
                "Choose another one with LATTICE_DATA_DIR."
            ) from error
        if owner != os.geteuid():
            name = _user_name(owner)
            raise ServiceError(
                f"The data folder {self.data_dir} belongs to {name}: run this as {name}, or choose "
                "another folder with LATTICE_DATA_DIR."
            )

    def _start(self, service: Postgres | Redis) -> None:
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        found = self.sockets.lstat()
        private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == 0o700
        if not private or found.st_uid != os.geteuid():
            raise ServiceError(f"{self.sockets} is not a private folder of yours: remove it.")
        if not service.answers():
            service.start()

    def _stop_unused(self, locks: dict[Postgres | Redis, IO[str]]) -> None:
        for service, lock in locks.items():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue  # somebody else still needs it
            service.stop()
        with suppress(OSError):  # another one still answers there
            self.sockets.rmdir()

    def _users(self, service: Postgres | Redis) -> IO[str]:
        return (self.run_dir / f"{service.name}.users").open("a")

    @contextmanager
    def _transition(self) -> Iterator[None]:
        """One at a time may start or stop anything."""
        with (self.run_dir / "services.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
