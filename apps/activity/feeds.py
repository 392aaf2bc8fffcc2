"""The newest events of a workspace, and whoever follows them.

A feed keeps the frames it has handed out last. Resuming takes from there whatever it can, without
a pause between looking and joining, so that no event falls between replay and live.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from apps.activity.choices import CloseCode
from apps.activity.frames import Frame
from apps.activity.outbox import LARGEST, Outbox
from apps.activity.ports import Topic, Viewer
from apps.activity.selectors import events
from apps.activity.threads import read
from apps.activity.wording import told

log = logging.getLogger(__name__)

BATCH = 500
KEPT_SIZE = 1_000_000
REPLAY_ROWS = 20_000
REPLAY_SIZE = 2 * LARGEST
"""Whoever was cut off for being too slow can resume, with as much again to spare."""


@dataclass(eq=False)
class Reader:
    """A socket or a stream, as the hub sees it."""

    viewer: Viewer
    outbox: Outbox[Any]
    end: Callable[[CloseCode], None]
    """Tells it to go, at once."""
    follows_reach: bool = False
    """Whether it shows all that its viewer may see, and so begins anew when that changes."""
    waits: bool = False
    """Whether it waits for one thing and then goes. There may be many of these, beside sockets."""
    subscriptions: dict[str, "Subscription"] = field(default_factory=dict)


@dataclass(eq=False)
class Subscription:
    reader: Reader
    name: str
    topic: Topic
    areas: frozenset[str]
    feed: "Feed"
    deliver: Callable[["Subscription", Frame], None]
    told: int = 0
    """The number up to which its reader knows where it stands."""

    def offer(self, frame: Frame) -> None:
        if self.areas and frame.area not in self.areas:
            return
        try:
            wanted = self.reader.viewer.may_see(frame.event) and self.topic.shows(frame.event)
        except Exception:  # another room's topic may fail; nobody else is to wait for that
            log.exception("The topic %s cannot tell what it shows", self.name)
            self.reader.end(CloseCode.RESTART)
            return
        if wanted:
            self.deliver(self, frame)
            if frame.recorded:
                self.told = frame.seq

    def moved_on(self) -> bool:
        """Whether, since its reader was told, events have passed that it does not show."""
        before, self.told = self.told, self.feed.seq
        return before < self.told


class Feed:
    """The newest events of one workspace: `frames` are without a gap and end at `seq`."""

    def __init__(self, workspace_id: UUID, notice: Callable[[Frame], None]) -> None:
        self.workspace_id = workspace_id
        self._notice = notice
        self.seq = -1
        self.stale = False
        """Whether somebody has spoken of events since the last look."""
        self.joining = 0
        self.frames: deque[Frame] = deque()
        self.size = 0
        self.subscriptions: set[Subscription] = set()
        self.lock = asyncio.Lock()

    async def open(self) -> None:
        async with self.lock:
            if self.seq < 0:
                found = await read(events.heads, [self.workspace_id])
                self.seq = found[self.workspace_id]

    async def catch_up(self) -> None:
        """Read on to the end, and hand out what is new."""
        async with self.lock:
            self.stale = True
            while self.stale:
                self.stale = False
                found = await read(_frames_after, self.workspace_id, self.seq, BATCH)
                self.stale |= len(found) == BATCH
                for frame in found:
                    self._hand_out(frame)
                    await asyncio.sleep(0)  # others have their turn between two events

    def _hand_out(self, frame: Frame) -> None:
        for subscription in tuple(self.subscriptions):
            subscription.offer(frame)
        self.seq = frame.seq
        self._keep(frame)
        self._notice(frame)

    async def reach_back(self, seq: int) -> bool:
        """Whether everything after `seq` is at hand now."""
        async with self.lock:
            if not 0 <= self.seq - seq <= REPLAY_ROWS:
                return False
            missing = self._first - seq - 1
            if missing > 0:
                found = await read(_frames_after, self.workspace_id, seq, missing)
                self.frames.extendleft(reversed(found))
                self.size += sum(frame.size for frame in found)
            return sum(frame.size for frame in self.after(seq)) <= REPLAY_SIZE

    def after(self, seq: int) -> Iterable[Frame]:
        return islice(self.frames, max(0, seq + 1 - self._first), None)

    @property
    def _first(self) -> int:
        return self.seq + 1 - len(self.frames)

    def _keep(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.size += frame.size
        while self.size > KEPT_SIZE:
            self.size -= self.frames.popleft().size


def _frames_after(workspace_id: UUID, seq: int, limit: int) -> list[Frame]:
    found = events.events_after(workspace_id, seq, limit=limit)
    return [Frame(event, text) for event, text in zip(found, told(found), strict=True)]
