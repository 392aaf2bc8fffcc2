"""A Lattice of its own for one measurement: PostgreSQL and Redis, as durable as they come, in a
folder that is thrown away, with every migration applied; and the processes that a measurement asks
for. What those say stands in `logs`, not between the figures.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apps.common.runtime import addresses
from apps.common.runtime.services import Services
from tests.databases import let_go
from tests.migrated import lay_out

if TYPE_CHECKING:
    from tests.serving import Server

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30


class House:
    def __init__(self, folder: Path, until_the_end: ExitStack) -> None:
        self.folder, self.logs = folder, folder / "logs"
        self._until_the_end = until_the_end

    def serve(
        self, name: str = "uvicorn", application: str = "config.asgi:application", **settings: str
    ) -> "Server":
        """A web process that answers, until the measurement ends."""
        return self._until_the_end.enter_context(self.serving(name, application, **settings))

    @contextmanager
    def serving(
        self, name: str = "uvicorn", application: str = "config.asgi:application", **settings: str
    ) -> Iterator["Server"]:
        from tests.serving import serving  # reads the settings

        log = self.logs / f"web-{len(list(self.logs.iterdir()))}.log"
        with serving(name, log, application=application, **settings) as server:
            yield server

    def start(self, *module: str) -> "subprocess.Popen[bytes]":
        """`python -m` this, until the measurement ends."""
        return self._until_the_end.enter_context(self.running(*module))

    @contextmanager
    def running(self, *module: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self.logs / f"{module[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module], cwd=ROOT, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def postgres(self) -> int:
        """The pid of its postmaster."""
        return int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])


@contextmanager
def house(**settings: str) -> Iterator[House]:
    """With these settings on top of those that fit a measurement. Django is set up in it."""
    for number in (signal.SIGINT, signal.SIGTERM):  # whatever ends it, ends all that it started
        signal.signal(number, signal.default_int_handler)
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="lattice-bench-", ignore_cleanup_errors=True)
        folder = Path(stack.enter_context(made))
        lay_out(folder)
        stack.enter_context(Services(folder).running())
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LATTICE_ENV": "development",
            "LATTICE_DATA_DIR": str(folder),
            "DATABASE_URL": addresses.database_url(folder),
            "REDIS_URL": addresses.redis_url(folder),
            "LOG_LEVEL": "WARNING",
            "RATE_LIMIT_SCALE": "100000",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        import django

        django.setup()
        stack.callback(let_go)
        yield House(folder, stack)


def vacuum() -> None:
    """Let PostgreSQL look at what it was given at once, as it would in time by itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def cpu_seconds(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def cpu_seconds_of_all(pid: int) -> float:
    """Of a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return cpu_seconds(pid) + sum(map(cpu_seconds_of_all, map(int, children)))
