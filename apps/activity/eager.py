"""Doing at once what need not wait, and the rest later. Python 3.12 calls such tasks eager.

A server's `send` nearly always ends without waiting for anything. A task for each of a thousand
sockets would only find that out a thousand turns of the loop later.
"""

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any


class Unfinished:
    """Work that has come to a point where it waits. Await it to bring it to its end."""

    def __init__(self, work: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._work = work
        self._waits_for = waits_for

    @coroutine
    def end(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        try:
            while True:
                answer = yield waits_for
                waits_for = self._work.send(answer)
        except StopIteration:
            return
        finally:
            self._work.close()


def begin(work: Coroutine[Any, Any, None]) -> Unfinished | None:
    """Run it as far as it goes without waiting. None: it is done."""
    try:
        return Unfinished(work, work.send(None))
    except StopIteration:
        return None
