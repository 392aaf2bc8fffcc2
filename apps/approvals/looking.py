"""Looking at requests for all the sockets of a process that ask at the same time: an event that
reaches a thousand of them is one look at the database.
"""

import asyncio
from collections.abc import Collection, Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

from apps.approvals.selectors.briefs import Brief, requests_by_id
from apps.approvals.together import read_together
from apps.common.actors import SYSTEM

BREATH = 0.01
"""Seconds in which those gather who ask. A decision is several events."""


class Look:
    """Who may see what it finds, its sockets know: they are told of what theirs may see alone."""

    def __init__(self) -> None:
        self._wanted: set[UUID] = set()
        self._next: asyncio.Task[Mapping[UUID, Brief | Exception]] | None = None

    async def at(self, request_id: UUID) -> Brief | None:
        """None: it is gone, or cannot be read now, which is in the log."""
        if self._next is None:
            self._next = asyncio.create_task(self._take())
        self._wanted.add(request_id)
        found = (await asyncio.shield(self._next)).get(request_id)
        return found if isinstance(found, Brief) else None

    async def _take(self) -> Mapping[UUID, Brief | Exception]:
        await asyncio.sleep(BREATH)
        wanted, self._wanted, self._next = self._wanted, set(), None
        return await read_together(_briefs, wanted)


def _briefs(ids: Collection[UUID]) -> Mapping[UUID, Brief]:
    return {brief.request.id: brief for brief in requests_by_id(ids, actor=SYSTEM)}


_looks: WeakKeyDictionary[asyncio.AbstractEventLoop, Look] = WeakKeyDictionary()


def here() -> Look:
    """That of this event loop."""
    return _looks.setdefault(asyncio.get_running_loop(), Look())
