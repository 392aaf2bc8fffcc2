"""Starts the processes of Lattice, starts them again when they end, and stops them all.

They cannot outlive it: the kernel kills them with it, and whatever slipped through is found by a
mark in its environment at the next start.
"""

import os
import select
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from apps.common.runtime.child import Child
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.port import http_status, refuse_taken_port
from apps.common.runtime.procfs import processes
from apps.common.runtime.programs import Program
from apps.common.runtime.seat import taken_seat
from apps.common.runtime.services import Services

MARK = "LATTICE_SUPERVISED"
GRACE = 10.0
READY_WITHIN = 90.0
LARGEST_LOG = 20_000_000


class Supervisor:
    def __init__(
        self,
        *,
        services: Services,
        programs: Sequence[Program],
        root: Path,
        tell: Callable[[str], None],
    ) -> None:
        self._services = services
        self._logs = services.data_dir / "logs"
        self._metrics = services.run_dir / "metrics"
        self._tell = tell
        self._asked_to_stop = 0
        self._children_run = False
        self._begun: list[Child] = []
        self._bell, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(ring)
        environment = {
            MARK: str(services.data_dir),
            "PROMETHEUS_MULTIPROC_DIR": str(self._metrics),
            "PYTHONUNBUFFERED": "1",
        }
        self._children = [
            Child(program, self._logs / f"{program.name}.log", environment, root)
            for program in programs
        ]

    def run(
        self,
        *,
        host: str,
        port: int,
        url: str,
        prepare: Callable[[], None],
        announce: Callable[[], None],
    ) -> None:
        """Until somebody asks to stop. `prepare` runs once the embedded services do, `announce`
        once the web server answers."""
        self._heed_signals()
        self._services.prepare()
        with taken_seat(self._services.run_dir, url):
            end_leftovers(self._services.data_dir)
            refuse_taken_port(host, port)
            with self._services.running():
                prepare()
                shutil.rmtree(self._metrics, ignore_errors=True)
                self._metrics.mkdir()
                self._children_run = True
                with self._services_revived():
                    try:
                        self._start(host, port)
                        if not self._asked_to_stop:
                            self._tend()
                            announce()
                        while not self._asked_to_stop:
                            self._tend()
                    finally:
                        self._stop()

    def _start(self, host: str, port: int) -> None:
        """The web server first: whoever waits, waits for that, and there are only so many cores."""
        web, *others = self._children
        self._begun = [web]
        deadline = time.monotonic() + READY_WITHIN
        while not self._asked_to_stop and not http_status(host, port):
            if web.failures > 2 or time.monotonic() > deadline:
                tail = "\n".join(web.log.read_text(errors="replace").splitlines()[-15:])
                raise ServiceError(f"The web server does not start:\n{tail}\nSee {web.log}.")
            self._tend(pause=0.05)
        self._begun += others

    def _tend(self, pause: float = 0.5) -> None:
        if select.select([self._bell], [], [], pause)[0]:
            os.read(self._bell, 1024)
        for child in self._begun:
            if happened := child.tend():
                self._tell(happened)
        bound_logs(self._logs)

    def _stop(self) -> None:
        self._tell("Stopping…")
        for child in self._begun:
            child.signal(signal.SIGTERM)
        patient_until = time.monotonic() + GRACE
        asked = self._asked_to_stop
        while not all(child.has_ended() for child in self._begun):
            if time.monotonic() > patient_until or self._asked_to_stop > asked:
                for child in self._begun:
                    child.signal(signal.SIGKILL)
            select.select([], [], [], 0.02)

    @contextmanager
    def _services_revived(self) -> Iterator[None]:
        done = threading.Event()

        def watch() -> None:
            while not done.wait(0.5):
                try:
                    for name in self._services.revive():
                        self._tell(f"{name} had died; it was started again.")
                except ServiceError as error:
                    self._tell(str(error))

        watcher = threading.Thread(target=watch, name="services")
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _heed_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(signal.SIGHUP, self._asked)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # rings the bell

    def _asked(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop += 1
        if not self._children_run:
            raise KeyboardInterrupt


def end_leftovers(data_dir: Path) -> None:
    """Kill what a supervisor that was killed left behind."""
    leftovers = [p for p in processes() if p.has_environment(f"{MARK}={data_dir}")]
    for process in leftovers:
        process.kill()
    deadline = time.monotonic() + GRACE
    while remaining := [p.pid for p in leftovers if p.words]:
        if time.monotonic() > deadline:
            raise ServiceError(f"Processes of an earlier run do not end: {remaining}.")
        time.sleep(0.02)


def bound_logs(logs: Path) -> None:
    """Everybody appends, so a log that is copied away and emptied goes on from its start."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LARGEST_LOG:
            shutil.copy(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
