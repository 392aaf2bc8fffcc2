"""Somebody outside who receives webhooks: a real HTTP server on the loopback, with a script."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

from tests.outside import QuietDoor, open_to_callers


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.time)


class Receiver:
    """Answers what `script` holds, then 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.script: deque[tuple[int, dict[str, str], bytes]] = deque()
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Door(QuietDoor):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard = {name.lower(): value for name, value in self.headers.items()}
                receiver.received.append(Received(self.path, heard, body))
                receiver.hold.wait(30)
                status, headers, text = (
                    receiver.script.popleft() if receiver.script else (200, {}, b"ok")
                )
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def will_answer(
        self, *statuses: int, headers: dict[str, str] | None = None, text: bytes = b""
    ) -> None:
        self.script.extend((status, headers or {}, text) for status in statuses)


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()
    with open_to_callers(receiver.server):
        try:
            yield receiver
        finally:
            receiver.hold.set()
