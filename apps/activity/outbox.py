"""What one reader is still to be sent. It never makes anybody wait: when it is full, the reader is
too slow, and is told to come back and resume.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from apps.activity.choices import CloseCode

LARGEST = 4_000_000
"""In characters. Frames are shared, so a full outbox costs little more than its references."""
REPLAYED = 4 * LARGEST
"""What a reader asked for makes it too slow only when it asks again while so much still waits."""

Item = TypeVar("Item")


class Closed(Exception):
    def __init__(self, code: CloseCode) -> None:
        self.code = code
        super().__init__(code.name)


class Outbox(Generic[Item]):
    def __init__(
        self, *, largest: int = LARGEST, on_close: Callable[[], None] | None = None
    ) -> None:
        self.code: CloseCode | None = None
        self._on_close = on_close
        self._largest = largest
        self._replaying = False
        self._waiting: deque[Item] = deque()
        self._size = self._replayed = 0
        self._reader: asyncio.Future[None] | None = None

    def put(self, item: Item, size: int) -> None:
        if self.code is not None:
            return
        if self._replaying:
            self._replayed += size
        else:
            self._size += size
        if self._size > self._largest:
            self.close(CloseCode.TOO_SLOW)
            return
        self._waiting.append(item)
        self._wake()

    @contextmanager
    def replay(self) -> Iterator[None]:
        """What is put now was asked for by the reader."""
        if self._replayed >= REPLAYED:
            self.close(CloseCode.TOO_SLOW)
        self._replaying = True
        try:
            yield
        finally:
            self._replaying = False

    @property
    def is_idle(self) -> bool:
        """Whether everything was taken, and somebody waits for more."""
        return self._reader is not None and not self._waiting and self.code is None

    def close(self, code: CloseCode) -> None:
        """What still waits is not sent: the reader resumes from what it has seen."""
        if self.code is None:
            self.code = code
            self._waiting.clear()
            self._wake()
            if self._on_close:
                self._on_close()

    async def take(self, patience: float | None = None) -> deque[Item]:
        """Everything that waits, or nothing after `patience` seconds. Raises Closed at the end."""
        if not self._waiting and self.code is None:
            await self._something(patience)
        if self.code is not None:
            raise Closed(self.code)
        taken, self._waiting = self._waiting, deque()
        self._size = self._replayed = 0
        return taken

    async def _something(self, patience: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        timer = loop.call_later(patience, self._wake) if patience else None
        try:
            await self._reader
        finally:
            self._reader = None
            if timer:
                timer.cancel()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
