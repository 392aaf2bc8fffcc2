"""One per process: it alone follows the ledger, for every socket and stream that is open here.

New rows are read once for each workspace that somebody watches, made into frames once, and put
into the outboxes of those who may see them. Nobody waits for anybody: an outbox that is full is
closed, and its reader comes back and resumes.
"""

import asyncio
import logging
from collections import Counter as Tally
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import redis
from django.db import Error as DatabaseError
from prometheus_client import Gauge

from apps.activity import pokes, presence
from apps.activity.choices import CloseCode
from apps.activity.errors import TooManySockets, TooManyWaits
from apps.activity.feeds import Feed, Reader, Subscription
from apps.activity.frames import Frame
from apps.activity.ports import Topic, Viewer
from apps.activity.selectors import events
from apps.activity.threads import reach_of, read
from apps.ledger.selectors import current_epoch
from apps.ledger.services import SYSTEM_WORKSPACE

log = logging.getLogger(__name__)
readers_open = Gauge("lattice_readers", "Sockets and streams open.", multiprocess_mode="livesum")

POLL_EVERY = 1.0
SWEEP_EVERY = 2.0
SWEEP_PAUSE = 0.3
RETRY_AFTER = 1.0
READERS_PER_USER = 100
WAITS_PER_USER = 2_000


class Hub:
    def __init__(self) -> None:
        self.epoch = ""
        self.feeds: dict[UUID, Feed] = {}
        self.readers: set[Reader] = set()
        self._per_user: Tally[tuple[UUID, bool]] = Tally()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sweep_now = asyncio.Event()

    # --- readers come and go

    async def join(self, reader: Reader) -> None:
        """Raises TooManySockets. Whoever has joined must leave."""
        if not self.epoch:
            self.epoch = str(await read(current_epoch))
        # From here on nothing is awaited, and nothing fails once the reader is counted.
        self.make_sure_of_room(reader.viewer, waits=reader.waits)
        self._per_user[reader.viewer.actor.actor_id, reader.waits] += 1
        self.readers.add(reader)
        readers_open.inc()
        self._keep_going("listen", self._listen)
        self._keep_going("presence", self._watch_presence)
        self._keep_going("poll", self._poll)
        self._keep_going("sweep", self._sweep)

    def make_sure_of_room(self, viewer: Viewer, *, waits: bool = False) -> None:
        most = WAITS_PER_USER if waits else READERS_PER_USER
        if self._per_user[viewer.actor.actor_id, waits] >= most:
            raise TooManyWaits if waits else TooManySockets

    def leave(self, reader: Reader) -> None:
        if reader not in self.readers:
            return
        self.readers.discard(reader)
        readers_open.dec()
        whose = reader.viewer.actor.actor_id, reader.waits
        self._per_user[whose] -= 1
        if not self._per_user[whose]:
            del self._per_user[whose]
        for name in list(reader.subscriptions):
            self.unsubscribe(reader, name)

    async def subscribe(
        self,
        reader: Reader,
        name: str,
        topic: Topic,
        *,
        deliver: Callable[[Subscription, Frame], None],
        after: tuple[str, int] | None = None,
        last: int = 0,
        areas: Collection[str] = (),
        answer: Callable[[int, bool], None],
    ) -> None:
        """Follow a topic from here on, or from `after` (an epoch and a number) if that is possible
        without a gap; else, if `last` is given, from that many events ago.

        `answer(seq, recovered)` is called before the first event is delivered.
        """
        feed = self.feeds.setdefault(topic.workspace_id, Feed(topic.workspace_id, self._notice))
        feed.joining += 1
        try:
            self.unsubscribe(reader, name)
            await feed.open()
            position, recovered = await self._position(feed, after, last)
            if reader not in self.readers:
                return
            # From here on nothing is awaited: no event can come in between.
            answer(feed.seq, recovered)
            start = feed.seq if position is None else position
            subscription = Subscription(reader, name, topic, frozenset(areas), feed, deliver, start)
            feed.subscriptions.add(subscription)
            reader.subscriptions[name] = subscription
            with reader.outbox.replay():
                for frame in feed.after(start):
                    subscription.offer(frame)
        finally:
            feed.joining -= 1
            self._drop_if_unwatched(feed)

    async def _position(
        self, feed: Feed, after: tuple[str, int] | None, last: int
    ) -> tuple[int | None, bool]:
        if after and after[0] == self.epoch:
            if after[1] > feed.seq:
                await feed.catch_up()  # another process was faster, and the reader was there
            if await feed.reach_back(after[1]):
                return after[1], True
        wanted = max(0, feed.seq - last)
        if last and await feed.reach_back(wanted):
            return wanted, False
        return None, False

    def unsubscribe(self, reader: Reader, name: str) -> bool:
        subscription = reader.subscriptions.pop(name, None)
        if subscription is None:
            return False
        subscription.feed.subscriptions.discard(subscription)
        self._drop_if_unwatched(subscription.feed)
        return True

    def _drop_if_unwatched(self, feed: Feed) -> None:
        followed = self.feeds.get(feed.workspace_id) is feed  # after a restore, another one may be
        if followed and not feed.subscriptions and not feed.joining:
            del self.feeds[feed.workspace_id]

    # --- following the ledger

    def hear(self, seqs: dict[UUID, int]) -> None:
        for workspace_id, seq in seqs.items():
            feed = self.feeds.get(workspace_id)
            if feed is not None and seq > feed.seq >= 0:
                feed.stale = True
                self._keep_going(f"read {workspace_id}", feed.catch_up, again=False)
        if SYSTEM_WORKSPACE in seqs:
            self._sweep_now.set()  # somebody logged out, or was disabled

    def _notice(self, frame: Frame) -> None:
        if frame.event.type.startswith("accounts."):
            self._sweep_now.set()  # a key was revoked, or a member removed

    async def _listen(self) -> None:
        while True:
            try:
                async for seqs in pokes.heard():
                    self.hear(seqs)
            except redis.RedisError as error:
                log.info("No pokes are heard, so the counters are polled: %s", error)
            await asyncio.sleep(RETRY_AFTER)

    async def _watch_presence(self) -> None:
        """Who comes and goes is told to those who watch now; nothing keeps it for later."""
        while True:
            try:
                async for passing in presence.heard():
                    feed = self.feeds.get(passing.event.workspace_id)
                    for subscription in tuple(feed.subscriptions) if feed else ():
                        subscription.offer(passing)
            except redis.RedisError as error:
                log.info("Nobody is seen to come or go: %s", error)
            await asyncio.sleep(RETRY_AFTER)

    async def _poll(self) -> None:
        """The truth is in PostgreSQL: whatever happens to pokes, nobody is later than this."""
        while True:
            await asyncio.sleep(POLL_EVERY)
            if not self.feeds:
                continue
            try:
                epoch, found = await read(_look, list(self.feeds))
            except DatabaseError as error:
                log.warning("The ledger cannot be read: %s", error)
                continue
            if epoch != self.epoch:
                self._begin_again(epoch)
            else:
                known = {w: feed.seq for w, feed in self.feeds.items()}
                self.hear({w: seq for w, seq in found.items() if seq > known.get(w, seq)})

    def _begin_again(self, epoch: str) -> None:
        """The database was restored: what was seen since may never have happened."""
        self.epoch = epoch
        self.feeds.clear()
        for reader in tuple(self.readers):
            reader.end(CloseCode.RESTART)

    # --- who may no longer watch

    async def _sweep(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY):
                    await self._sweep_now.wait()
            self._sweep_now.clear()
            try:
                await self._recheck()
            except DatabaseError as error:
                log.warning("Whether watchers still may watch cannot be read: %s", error)
            await asyncio.sleep(SWEEP_PAUSE)

    async def _recheck(self) -> None:
        readers = [(reader, reader.viewer) for reader in self.readers]
        if not readers:
            return
        reach = await reach_of({viewer for _, viewer in readers})
        for reader, viewer in readers:
            now = reach.get(viewer)
            if now is None:
                reader.end(CloseCode.NOT_ALLOWED)
            elif reader.viewer is not viewer or now == viewer.workspaces:
                continue  # looked up anew meanwhile, or nothing has changed
            elif self._lost_one(reader, now):
                reader.end(CloseCode.NOT_ALLOWED)
            elif reader.follows_reach:
                reader.end(CloseCode.RESTART)
            else:
                reader.viewer = replace(reader.viewer, workspaces=now)

    def _lost_one(self, reader: Reader, reach: frozenset[UUID]) -> bool:
        watched = {s.topic.workspace_id for s in reader.subscriptions.values()}
        return not (watched - {SYSTEM_WORKSPACE}) <= reach

    # --- work that must not end

    def _keep_going(
        self, name: str, work: Callable[[], Coroutine[Any, Any, None]], *, again: bool = True
    ) -> None:
        running = self._tasks.get(name)
        if running is not None and not running.done():
            return
        task = self._tasks[name] = asyncio.create_task(work(), name=f"hub: {name}")

        def ended(task: asyncio.Task[None]) -> None:
            if task.cancelled():
                return
            failure = task.exception()
            if failure is not None and not isinstance(failure, DatabaseError):
                log.error("The hub's work %s failed", name, exc_info=failure)
            if again:
                loop = task.get_loop()
                loop.call_later(RETRY_AFTER, lambda: self._keep_going(name, work))
            else:
                self._tasks.pop(name, None)

        task.add_done_callback(ended)


def _look(workspaces: list[UUID]) -> tuple[str, dict[UUID, int]]:
    return str(current_epoch()), events.heads(workspaces)


def readers_here() -> int:
    """Sockets and streams open in this process."""
    return sum(len(hub.readers) for hub in list(_hubs.values()))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def here() -> Hub:
    """The hub of this event loop; a server has one loop for each process."""
    loop = asyncio.get_running_loop()
    hub = _hubs.get(loop)
    if hub is None:
        hub = _hubs[loop] = Hub()
    return hub
