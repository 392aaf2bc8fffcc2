"""A pytest plugin: every run has a PostgreSQL and a Redis of its own, thrown away afterwards.

It is loaded (`-p tests.throwaway`) before pytest-django reads the settings. The database comes
migrated (tests/migrated.py), and is a template: each xdist worker, and each test that needs to
commit, gets a clone.
A run that is killed for good leaves its folder to the next one, which knows by a lock.
"""

import atexit
import fcntl
import gc
import os
import shutil
import signal
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from apps.common.runtime import addresses
from apps.common.runtime.services import Services
from tests import migrated

TEMPLATE = "lattice_template"
FAST = (*migrated.FAST, "max_connections=400")
PREFIX = "lattice-test-"
MEMORY, DISK = Path("/dev/shm"), Path(tempfile.gettempdir())
MUCH_MEMORY = 4 * 2**30
MOST_WORKERS = 12
"""Redis has 15 databases to give them."""
_exit = ExitStack()


def _start() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell may have its background ignore them
        signal.signal(number, signal.default_int_handler)
    atexit.register(_exit.close)
    _remove_leftovers()
    root = _own_folder()
    migrated.lay_out(root)
    _exit.enter_context(Services(root, FAST).running())
    for name in [name for name in os.environ if name.startswith(("LATTICE_", "JWT_", "API_"))]:
        if not name.startswith("LATTICE_TORTURE_"):
            del os.environ[name]
    os.environ |= {
        "LATTICE_ENV": "development",
        "LATTICE_DATA_DIR": str(root),
        "DATABASE_URL": addresses.database_url(root, TEMPLATE),
        "REDIS_URL": addresses.redis_url(root),
        "DATABASE_POOL": "4",
        "LOG_LEVEL": "WARNING",
        "RATE_LIMIT_SCALE": "10000",
    }
    with psycopg.connect(addresses.database_url(root, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {TEMPLATE} TEMPLATE lattice")


def _own_folder() -> Path:
    """It gets its name once it is locked, so that nobody takes it for a leftover."""
    draft = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=_quickest()))
    lock = _exit.enter_context((draft / "run.lock").open("w"))
    fcntl.flock(lock, fcntl.LOCK_EX)
    root = draft.rename(draft.with_name(draft.name.removeprefix(".")))
    _exit.callback(shutil.rmtree, root, ignore_errors=True)
    return root


def _quickest() -> Path:
    """Hundreds of databases are made and dropped, each of hundreds of files: in memory that takes
    a tenth of the time."""
    may_write = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if may_write and shutil.disk_usage(MEMORY).free > MUCH_MEMORY else DISK


def _remove_leftovers() -> None:
    for root in (root for place in (MEMORY, DISK) for root in place.glob(f"{PREFIX}*")):
        if root.stat().st_uid != os.geteuid() or not (root / "run.lock").exists():
            continue
        with (root / "run.lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            Services(root).stop_unused()
            shutil.rmtree(root, ignore_errors=True)


def _take_own_redis(worker: str) -> None:
    """A database of Redis for each xdist worker, so that emptying it disturbs nobody."""
    number = int(worker.removeprefix("gw")) % 15 + 1
    os.environ["REDIS_URL"] = addresses.redis_url(Path(os.environ["LATTICE_DATA_DIR"]), number)


gc.disable()
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    _take_own_redis(worker)
else:
    _start()


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_auto_num_workers() -> int:
    """Much of what tests take is waiting for other processes, so a core has two workers."""
    return min(2 * len(os.sched_getaffinity(0)), MOST_WORKERS)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long begins first: at the end, all others would wait for it."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    if config.getoption("loadgroup", False):
        for item in items:
            _name_group(item)


def pytest_collection_finish() -> None:
    """All that was imported stays for good: to go through it while it grew would take seconds."""
    gc.freeze()
    gc.enable()


def _name_group(item: pytest.Item) -> None:
    """Which xdist tells by the end of a test's name. It still writes that where pytest 9.2 does not
    look any more."""
    group = _group_of(item)
    if group and not item.nodeid.endswith(end := f"@{group}"):
        item._id = item.id.parse(item.nodeid + end)


def _group_of(item: pytest.Item) -> str:
    """What a module's tests share is dear to start: they run on one worker, so that it is started
    once. A module may name others with whom it shares something else."""
    if named := item.get_closest_marker("xdist_group"):
        return str(named.args[0])
    fixtures = getattr(item, "_fixtureinfo", None)
    found = fixtures.name2fixturedefs.values() if fixtures else ()
    shares = any(one.scope == "module" for several in found for one in several)
    return f"{item.path.parent.name}.{item.path.stem}" if shares else ""


def pytest_unconfigure(config: pytest.Config) -> None:
    _exit.close()
