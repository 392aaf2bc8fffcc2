"""A real web server for a test, on a free port, ended when the test ends."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from apps.common.runtime.programs import programs
from config.env import ROOT

PATIENCE = 60


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def serving(server: str, output: Path, **environment: str) -> Iterator[str]:
    """The address of uvicorn or daphne, with these variables on top of the test run's."""
    port = free_port()
    (web, *_) = programs(server=server, host="127.0.0.1", port=port)
    url = f"http://127.0.0.1:{port}"
    with output.open("wb") as log:
        process = subprocess.Popen(
            web.command,
            cwd=ROOT,
            env={**os.environ, "PORT": str(port), **environment},
            stdout=log,
            stderr=log,
        )
        try:
            _await_answer(url, process, output)
            yield url
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _await_answer(url: str, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    with httpx.Client(base_url=url, timeout=20) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                client.get("/livez")
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
    raise AssertionError(f"The server does not answer:\n{output.read_text()}")
