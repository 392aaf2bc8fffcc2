"""One per process: it alone follows the ledger, for every socket and stream that is open here.

New rows are read once for each workspace that somebody watches, made into frames once, and put
into the outboxes of those who may see them. Nobody waits for anybody: an outbox that is full is
closed, and its reader comes back and resumes.

A feed keeps the frames it has handed out last. Resuming takes from there whatever it can, without
a pause between looking and joining, so that no event falls between replay and live.
"""

import asyncio
import logging
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, ParamSpec, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import redis
from channels.db import database_sync_to_async
from django.db import Error as DatabaseError
from prometheus_client import Gauge

from apps.activity import pokes, presence
from apps.activity.choices import CloseCode
from apps.activity.errors import TooManySockets, TooManyWaits
from apps.activity.frames import Frame
from apps.activity.outbox import LARGEST, Outbox
from apps.activity.ports import Topic, Viewer
from apps.activity.selectors import events, viewers
from apps.activity.wording import told
from apps.ledger.selectors import current_epoch
from apps.ledger.services import SYSTEM_WORKSPACE

log = logging.getLogger(__name__)
readers_open = Gauge("lattice_readers", "Sockets and streams open.", multiprocess_mode="livesum")

POLL_EVERY = 1.0
SWEEP_EVERY = 2.0
SWEEP_PAUSE = 0.3
RETRY_AFTER = 1.0
BATCH = 500
KEPT_SIZE = 1_000_000
REPLAY_ROWS = 20_000
REPLAY_SIZE = 2 * LARGEST
"""Whoever was cut off for being too slow can resume, with as much again to spare."""
READERS_PER_USER = 100
WAITS_PER_USER = 2_000

Args = ParamSpec("Args")
Answer = TypeVar("Answer")

_hub_thread = ThreadPoolExecutor(1, thread_name_prefix="hub")
_guard_thread = ThreadPoolExecutor(1, thread_name_prefix="guard")
_door_threads = ThreadPoolExecutor(3, thread_name_prefix="door")


async def in_database(
    function: Callable[Args, Answer], *args: Args.args, **kwargs: Args.kwargs
) -> Answer:
    """For the doors of sockets: on a thread, which holds a connection only meanwhile."""
    work = database_sync_to_async(function, thread_sensitive=False, executor=_door_threads)
    answer: Answer = await work(*args, **kwargs)
    return answer


async def _read(
    function: Callable[Args, Answer], *args: Args.args, **kwargs: Args.kwargs
) -> Answer:
    """For the hub, which has a thread of its own: no command can keep it waiting."""
    work = database_sync_to_async(function, thread_sensitive=False, executor=_hub_thread)
    answer: Answer = await work(*args, **kwargs)
    return answer


async def _reach_of(readers: Collection[Viewer]) -> Mapping[Viewer, frozenset[UUID]]:
    """On a thread of its own, too: whoever is to go may not keep doors busy to stay."""
    work = database_sync_to_async(viewers.reach_of, thread_sensitive=False, executor=_guard_thread)
    answer: Mapping[Viewer, frozenset[UUID]] = await work(readers)
    return answer


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
                found = await _read(events.heads, [self.workspace_id])
                self.seq = found[self.workspace_id]

    async def catch_up(self) -> None:
        """Read on to the end, and hand out what is new."""
        async with self.lock:
            self.stale = True
            while self.stale:
                self.stale = False
                found = await _read(_frames_after, self.workspace_id, self.seq, BATCH)
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
                found = await _read(_frames_after, self.workspace_id, seq, missing)
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
            self.epoch = str(await _read(current_epoch))
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
                epoch, found = await _read(_look, list(self.feeds))
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
        reach = await _reach_of({viewer for _, viewer in readers})
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
