"""Real web servers for tests, each on a free port, ended when the test ends."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from apps.common.runtime.programs import Program, programs
from config.env import ROOT
from tests.waiting import eventually

PATIENCE = 120
asking = httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0))
"""For whoever asks again and again: to make a client takes far longer than to ask, because it reads
all certificate authorities there are."""
APPLICATION = "config.asgi:application"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


class Server:
    """One web process. `restart` kills it and starts another one on the same port."""

    process: "subprocess.Popen[bytes]"

    def __init__(
        self, name: str, log: Path, *, application: str = APPLICATION, **environment: str
    ) -> None:
        self.name = name
        self.application = application
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/v1/"
        self.environment = {**os.environ, "PORT": str(self.port), **environment}

    def start(self) -> "Server":
        (web, *_) = programs(server=self.name, host="127.0.0.1", port=self.port)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self._command(web), cwd=ROOT, env=self.environment, stdout=output, stderr=output
            )
        eventually(self._answers, within=PATIENCE, what=f"{self.name} answers")
        return self

    def _command(self, web: Program) -> list[str]:
        return [word.replace(APPLICATION, self.application) for word in web.command]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()

    def restart(self) -> "Server":
        self.kill()
        return self.start()

    @property
    def memory(self) -> int:
        """Resident bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            asking.get(f"{self.url}/livez")
        except httpx.TransportError:
            return False
        return True


@contextmanager
def serving(
    name: str, log: Path, *, application: str = APPLICATION, **environment: str
) -> Iterator[Server]:
    """uvicorn or daphne, with these variables on top of the test run's."""
    server = Server(name, log, application=application, **environment)
    try:
        yield server.start()
    finally:
        server.stop()
