"""`manage.py up` as a real process, with its own data folder and port."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from apps.common.runtime.procfs import PROC, Process, processes
from apps.common.runtime.supervisor import MARK
from config.env import ROOT
from tests.serving import asking, free_port
from tests.waiting import eventually


class House:
    def __init__(self, data_dir: Path, **who: Any) -> None:
        """`who`: in whose name it is started, as `subprocess` takes it."""
        self.data_dir, self.who = data_dir, who
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.running: Running | None = None
        self.started: list[Running] = []

    def environment(self, **more: str) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABASE_", "REDIS_", "PYTEST_", "COV_"))
        }
        place = {"LATTICE_DATA_DIR": str(self.data_dir), "PORT": str(self.port)}
        return inherited | place | {"DEMO_AGENT": "0"} | more

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def up(self, **environment: str) -> "Running":
        running = self.start(**environment)
        eventually(lambda: running.is_ready or running.is_over, within=180, what="ready")
        assert not running.is_over, running.said()
        self.running = running
        return running

    def start(self, said: str = "up.out", **environment: str) -> "Running":
        output = (self.data_dir.parent / said).open("w+")
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=self.environment(**environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            **self.who,
        )
        running = Running(self, process, Path(output.name))
        output.close()
        self.started.append(running)
        return running

    def down(self) -> None:
        for each in self.started:
            if not each.is_over:
                each.end()

    def children(self) -> dict[str, int]:
        """The processes under the supervisor, by name."""
        found = [p for p in processes() if p.has_environment(f"{MARK}={self.data_dir}")]
        pids = {process.pid for process in found}
        return {
            _name(process): process.pid for process in found if _parent(process.pid) not in pids
        }

    def get(self, path: str) -> httpx.Response:
        return asking.get(self.url + path)

    def answers(self, path: str, status: int = 200) -> bool:
        try:
            return self.get(path).status_code == status
        except httpx.HTTPError:
            return False


class Running:
    def __init__(self, house: House, process: subprocess.Popen[bytes], output: Path) -> None:
        self.house = house
        self.process = process
        self._output = output

    def said(self) -> str:
        return self._output.read_text()

    @property
    def is_ready(self) -> bool:
        return "Lattice is ready." in self.said()

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    def facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads((self.house.data_dir / "demo.json").read_text())
        return facts

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def _name(process: Process) -> str:
    words = process.words
    if "sync_specs" in words:
        return "mirror"
    named = ("worker", "beat", "relay", "demo.northwind")
    return next((name for name in named if name in words), "web")


def _parent(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
