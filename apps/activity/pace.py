"""How fast a socket's client keeps up, measured by pings it answers.

Uvicorn waits in `send` until the client reads; Daphne takes everything and keeps it in memory. So
on a server that does not wait, no more is sent than a window ahead of the last answered ping.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping
from typing import Any

WINDOW = 128_000
PING_EVERY = 32_000
"""In characters sent: four pings to a window, so that a client who keeps up never waits."""
PATIENCE = 10.0


class TooSlow(Exception):
    pass


def server_waits(scope: Mapping[str, Any]) -> bool:
    """Daphne is the one that names no version of the ASGI message format."""
    return "spec_version" in scope.get("asgi", {})


class Pace:
    def __init__(self, *, windowed: bool) -> None:
        self._windowed = windowed
        self._sent = 0
        self._read = 0
        self._pinged_at = 0
        self._pings: deque[tuple[int, int]] = deque()
        self._changed = asyncio.Event()

    def sent(self, size: int) -> None:
        self._sent += size

    @property
    def wants_ping(self) -> bool:
        return self._windowed and self._sent - self._pinged_at >= PING_EVERY

    def ping(self) -> int:
        """A number that cannot be guessed: whoever answers it has read what came before."""
        number = secrets.randbits(31)
        self._pinged_at = self._sent
        self._pings.append((number, self._sent))
        if len(self._pings) > 64:
            self._pings.popleft()
        return number

    def pong(self, number: int) -> bool:
        """Whether it answers a ping that nobody had answered."""
        if all(number != asked for asked, _ in self._pings):
            return False
        asked = -1
        while asked != number:
            asked, self._read = self._pings.popleft()
        self._changed.set()
        return True

    def give_up(self) -> None:
        """Wake whoever waits for room: the socket is closing."""
        self._windowed = False
        self._changed.set()

    @property
    def is_ahead(self) -> bool:
        return self._windowed and self._sent - self._read > WINDOW

    async def room(self) -> None:
        """Wait until the client has read enough. Raises TooSlow."""
        while self.is_ahead:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), PATIENCE)
            except TimeoutError as error:
                raise TooSlow from error
