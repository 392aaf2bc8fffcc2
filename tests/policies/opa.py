"""A server that speaks the wire form of OPA's data API, and can be told to misbehave.

There is no OPA binary to test against: the form is the documented one, nothing more is claimed.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer

import orjson

from tests.outside import QuietDoor, open_to_callers


class Opa:
    """Answers `status` and `body`; trickles them when told to, a byte at a time."""

    def __init__(self) -> None:
        self.status, self.body = 200, b'{"result":true}'
        self.headers: dict[str, str] = {}
        self.trickling = False
        self.meanwhile: Callable[[], None] = lambda: None
        self.asked: list[tuple[str, object]] = []
        self.released = threading.Event()
        self.released.set()
        opa = self

        class Door(QuietDoor):
            def do_POST(self) -> None:
                question = self.rfile.read(int(self.headers["Content-Length"]))
                opa.asked.append((self.path, orjson.loads(question)))
                opa.meanwhile()
                opa.released.wait(30)
                with suppress(OSError):  # whoever asked may have left
                    self.answer()

            def answer(self) -> None:
                self.send_response(opa.status)
                for name, value in opa.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(opa.body)))
                self.end_headers()
                for at in range(len(opa.body)):
                    if opa.trickling:
                        opa.drip.wait(0.05)
                    self.wfile.write(opa.body[at : at + 1])
                    self.wfile.flush()

        self.drip = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@contextmanager
def serving() -> Iterator[Opa]:
    opa = Opa()
    with open_to_callers(opa.server):
        try:
            yield opa
        finally:
            opa.released.set()
            opa.drip.set()
