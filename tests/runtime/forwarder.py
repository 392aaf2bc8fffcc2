"""A TCP port on loopback that leads to a Unix socket: as another machine's server would look."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def forwarded(target: Path) -> Iterator[int]:
    """Yields the port."""
    threads: list[threading.Thread] = []
    ends: list[socket.socket] = []

    def begin(work, *arguments) -> None:
        threads.append(threading.Thread(target=work, args=arguments))
        threads[-1].start()

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):  # it was shut down
            while True:
                here, _ = listener.accept()
                there = socket.socket(socket.AF_UNIX)
                ends.extend((here, there))
                with suppress(OSError):
                    there.connect(str(target))
                begin(copy, here, there)
                begin(copy, there, here)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        begin(accept, listener)
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        threads[0].join()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()
        for end in ends:
            end.close()
