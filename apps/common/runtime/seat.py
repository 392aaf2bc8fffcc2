"""Who supervises a data folder: one process at a time, known by the lock it holds."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from apps.common.runtime.errors import ServiceError

LOOKING = 1.0


@dataclass(frozen=True)
class Supervising:
    pid: int
    url: str


@contextmanager
def taken_seat(run_dir: Path, url: str) -> Iterator[None]:
    with _file(run_dir).open("a+") as lock:
        try:
            _take(lock.fileno())
        except BlockingIOError as error:
            other = supervisor_of(run_dir)
            who = f"pid {other.pid}, {other.url}" if other else "it is just starting or stopping"
            raise ServiceError(
                f"Lattice already runs on {run_dir.parent} ({who}).\n"
                "Stop it with `make stop`, or start another one beside it: "
                "`make run PORT=8001 LATTICE_DATA_DIR=var2`."
            ) from error
        lock.truncate(0)
        lock.write(json.dumps(asdict(Supervising(os.getpid(), url))))
        lock.flush()
        yield
        lock.truncate(0)


def supervisor_of(run_dir: Path) -> Supervising | None:
    try:
        with _file(run_dir).open() as lock:
            if not _is_held(lock.fileno()):
                return None
            return Supervising(**json.load(lock))
    except (FileNotFoundError, json.JSONDecodeError):  # nobody yet, or not yet sure who
        return None


def end_supervisor(run_dir: Path, patience: float) -> Supervising | None:
    """Ask it to stop and wait until it has."""
    running = supervisor_of(run_dir)
    if running is None:
        return None
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while supervisor_of(run_dir) == running:
        if time.monotonic() > deadline:
            raise ServiceError(
                f"Lattice (pid {running.pid}) did not stop within {patience:.0f} s: "
                f"end it with `kill -9 {running.pid}` and run this again."
            )
        time.sleep(0.05)
    return running


def _take(lock: int) -> None:
    """Whoever asks who supervises holds it for a moment, too."""
    deadline = time.monotonic() + LOOKING
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.02)


def _is_held(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _file(run_dir: Path) -> Path:
    return run_dir / "up.lock"
