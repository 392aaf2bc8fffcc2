"""A TCP port on loopback that leads elsewhere: as another machine's server would look, on a wire
that may be cut, be slow, and lose answers.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Target = Path | int
"""A Unix socket, or a port on loopback."""


class Wire:
    def __init__(self, target: Target) -> None:
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads: list[threading.Thread] = []
        self.ends: set[socket.socket] = set()
        self.loses: Callable[[bytes], bool] = lambda _: False
        """Whether what the other side answers to this is lost, and the connection with it. It does
        arrive, and is answered."""
        self.lost = 0
        self.delay = 0.0
        """Seconds by which everything is late that is asked."""
        self._begin(self._accept)

    def cut(self) -> None:
        """Whoever is connected is not any more."""
        for end in tuple(self.ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join()
        self.cut()
        for thread in self.threads:
            thread.join()
        for end in (self.listener, *self.ends):
            end.close()

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        self.threads.append(threading.Thread(target=work, args=arguments))
        self.threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):  # it was shut down
            while True:
                here, _ = self.listener.accept()
                there = self._connect()
                self.ends |= {here, there}
                is_lost = threading.Event()
                self._begin(self._ask, here, there, is_lost)
                self._begin(self._answer, there, here, is_lost)

    def _connect(self) -> socket.socket:
        is_path = isinstance(self.target, Path)
        there = socket.socket(socket.AF_UNIX if is_path else socket.AF_INET)
        with suppress(OSError):  # nobody is there: whoever reads from it is told
            there.connect(str(self.target) if is_path else ("127.0.0.1", self.target))
        return there

    def _ask(self, here: socket.socket, there: socket.socket, is_lost: threading.Event) -> None:
        with _both_ended(here, there):
            while asked := here.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                if self.loses(asked):
                    is_lost.set()
                there.sendall(asked)

    def _answer(self, there: socket.socket, here: socket.socket, is_lost: threading.Event) -> None:
        with _both_ended(here, there):
            while answered := there.recv(65536):
                if is_lost.is_set():
                    self.lost += 1
                    return
                here.sendall(answered)


@contextmanager
def _both_ended(*ends: socket.socket) -> Iterator[None]:
    with suppress(OSError):
        yield
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def wired(target: Target) -> Iterator[Wire]:
    wire = Wire(target)
    try:
        yield wire
    finally:
        wire.close()
