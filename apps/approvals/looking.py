"""Looking at requests for all the sockets of a process that ask at the same time: an event that
reaches a thousand of them is one look at the database.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID
from weakref import WeakKeyDictionary

from apps.activity.hub import in_database
from apps.approvals.selectors.briefs import Brief, requests_by_id
from apps.common.actors import SYSTEM

BREATH = 0.01
"""Seconds in which those gather who ask. A decision is several events."""


class Look:
    """Who may see what it finds, its sockets know: they are told of what theirs may see alone."""

    def __init__(self) -> None:
        self._wanted: set[UUID] = set()
        self._next: asyncio.Task[Mapping[UUID, Brief]] | None = None

    async def at(self, request_id: UUID) -> Brief | None:
        if self._next is None:
            self._next = asyncio.create_task(self._take())
        self._wanted.add(request_id)
        return (await asyncio.shield(self._next)).get(request_id)

    async def _take(self) -> Mapping[UUID, Brief]:
        await asyncio.sleep(BREATH)
        wanted, self._wanted, self._next = self._wanted, set(), None
        found = await in_database(requests_by_id, wanted, actor=SYSTEM)
        return {brief.request.id: brief for brief in found}


_looks: WeakKeyDictionary[asyncio.AbstractEventLoop, Look] = WeakKeyDictionary()


def here() -> Look:
    """That of this event loop."""
    return _looks.setdefault(asyncio.get_running_loop(), Look())
