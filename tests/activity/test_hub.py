"""The hub alone: order, resuming without gap or repeat, and what pokes may and may not do."""

import asyncio
import random
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import redis
from django.db import OperationalError, connections
from django.utils.timezone import now

from apps.accounts.ports import Credential
from apps.accounts.rules import PERSON_SCOPES
from apps.activity import feeds, hub, pokes
from apps.activity.choices import CloseCode
from apps.activity.feeds import Reader
from apps.activity.frames import Frame
from apps.activity.hub import Hub
from apps.activity.outbox import LARGEST, Closed, Outbox
from apps.activity.ports import EventRow, Topic, Viewer
from apps.activity.threads import in_database
from apps.common.actors import SYSTEM, Actor
from apps.common.ids import uuid7
from apps.ledger.models import Event
from apps.ledger.services import record, unit
from tests.activity.live.rings import BellRung
from tests.databases import off_loop
from tests.factories import WorkspaceFactory, member
from tests.seeds import chosen_seed

pytestmark = pytest.mark.usefixtures("committed_database")


@dataclass(eq=False)
class Watcher:
    """Remembers the numbers it was given, as a client does."""

    here: Hub
    workspace_id: UUID
    seen: list[int] = field(default_factory=list)
    recovered: list[bool] = field(default_factory=list)
    blank: int = 0
    """How often it came before it had seen anything, with nothing to resume from."""
    actor: Actor = SYSTEM
    """The system is nobody who may watch: the next sweep sends it away, if others do not before."""

    async def come(self):
        viewer = Viewer(
            actor=self.actor,
            credential=Credential(via="test", scopes=PERSON_SCOPES),
            workspaces=frozenset({self.workspace_id}),
        )
        outbox: Outbox[int] = Outbox()
        self.reader = Reader(viewer, outbox, outbox.close)
        await self.here.join(self.reader)
        after = (self.here.epoch, self.seen[-1]) if self.seen else None
        self.blank += not self.seen
        await self.here.subscribe(
            self.reader,
            "it",
            Topic(self.workspace_id, lambda _: True),
            deliver=lambda _, frame: self.seen.append(frame.seq),
            after=after,
            last=0 if after else 10_000,
            answer=lambda _, recovered: self.recovered.append(recovered),
        )

    def go(self):
        self.here.leave(self.reader)


async def those_who_may_stay(here, number=1):
    """Watchers of a new workspace whom no sweep sends away, however late anything else is."""

    def move_in():
        workspace = WorkspaceFactory.create()
        return [Watcher(here, workspace.id, actor=member(workspace)) for _ in range(number)]

    return await off_loop(move_in)


async def until(fact, patience=60):
    async with asyncio.timeout(patience):
        while not fact():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.01)


def fail(workspace_id):
    with unit(actor=SYSTEM, workspace=workspace_id):
        record(BellRung(number=0))
        raise ZeroDivisionError


def write(workspace_id, times, random_, stop=None):
    """Units that roll back, that hold several events, and that take their time."""
    try:
        for number in range(times):
            with unit(actor=SYSTEM, workspace=workspace_id):
                for _ in range(random_.choice((1, 1, 3))):
                    record(BellRung(number=number))
            if random_.random() < 0.2:
                with suppress(ZeroDivisionError):
                    fail(workspace_id)
            if stop is not None and stop.wait(random_.choice((0, 0.001, 0.01))):
                return
    finally:
        connections.close_all()


async def interleave(*, resumes, writers, watchers, seed):
    """Watchers come back again and again while others commit: nobody misses or repeats a number."""
    random_, stop = random.Random(seed), threading.Event()
    here, workspace_id = hub.here(), uuid7()
    crowd = [Watcher(here, workspace_id) for _ in range(watchers)]
    for watcher in crowd:
        await watcher.come()
    threads = [
        threading.Thread(target=write, args=(workspace_id, 10**9, random.Random(seed + n), stop))
        for n in range(writers)
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in range(resumes):
            watcher = random_.choice(crowd)
            watcher.go()
            await asyncio.sleep(random_.choice((0, 0, 0.001, 0.01)))
            await watcher.come()
    finally:
        stop.set()
        for thread in threads:
            await asyncio.to_thread(thread.join)
    written = await off_loop(lambda: Event.objects.filter(workspace_id=workspace_id).count())
    await until(lambda: all(w.seen and w.seen[-1] == written for w in crowd))
    for watcher in crowd:
        assert watcher.seen == list(range(1, written + 1)), f"seed {seed}"
        assert all(again for again in watcher.recovered[watcher.blank :]), f"seed {seed}"
        watcher.go()
    return written


async def test_resuming_among_commits_skips_and_repeats_nothing():
    assert await interleave(resumes=300, writers=2, watchers=5, seed=chosen_seed()) > 100


async def test_pokes_that_lie_change_nothing():
    here, workspace_id = hub.here(), uuid7()
    watcher = Watcher(here, workspace_id)
    await watcher.come()
    here.hear({workspace_id: 10**9, uuid7(): 5})
    await off_loop(write, workspace_id, 3, random.Random(1))
    here.hear({workspace_id: 1})
    written = await off_loop(lambda: Event.objects.filter(workspace_id=workspace_id).count())
    await until(lambda: len(watcher.seen) == written)
    assert watcher.seen == list(range(1, written + 1))
    watcher.go()


async def test_gap_too_long_to_replay_is_refused_whole(monkeypatch):
    monkeypatch.setattr(feeds, "REPLAY_ROWS", 3)
    here, workspace_id = hub.here(), uuid7()
    await off_loop(write, workspace_id, 8, random.Random(1))
    watcher = Watcher(here, workspace_id, seen=[1])
    await watcher.come()
    assert (watcher.recovered, watcher.seen) == ([False], [1])
    watcher.go()


async def test_restored_database_sends_everybody_away():
    here = hub.here()
    (watcher,) = await those_who_may_stay(here)
    await watcher.come()
    here.epoch = "the one before"
    await until(lambda: watcher.reader.outbox.code is CloseCode.RESTART)
    assert here.epoch != "the one before"
    watcher.go()


async def test_feed_that_nobody_watches_is_forgotten():
    here, workspace_id = hub.here(), uuid7()
    watcher = Watcher(here, workspace_id)
    await watcher.come()
    assert workspace_id in here.feeds
    watcher.go()
    assert workspace_id not in here.feeds
    assert watcher.reader not in here.readers


async def test_outbox_that_is_full_is_closed_and_waits_for_nobody():
    outbox: Outbox[str] = Outbox(largest=10)
    for _ in range(3):
        outbox.put("four", 4)
    with pytest.raises(Closed) as ending:
        await outbox.take()
    assert ending.value.code is CloseCode.TOO_SLOW
    outbox.put("more", 1)
    with pytest.raises(Closed):
        await outbox.take()


@pytest.mark.long
async def test_listening_survives_thirty_idle_seconds(own_redis, settings):
    """Redis libraries have ended an idle wait with an error before."""
    settings.REDIS_URL = own_redis.url
    listening = asyncio.ensure_future(anext(pokes.heard()))
    finished, _ = await asyncio.wait({listening}, timeout=31)
    assert not finished
    workspace_id = uuid7()
    with own_redis.client() as client:
        client.publish(pokes.CHANNEL, f"{workspace_id.hex}:7")
    async with asyncio.timeout(60):
        assert await listening == {workspace_id: 7}


async def test_what_is_committed_right_after_a_poke_gathers_for_the_next(
    own_redis, settings, monkeypatch
):
    settings.REDIS_URL = own_redis.url
    monkeypatch.setattr(pokes, "_client", own_redis.client)
    monkeypatch.setattr(pokes, "BREATH", 0.5)
    poke, workspace_id, heard = pokes.Poker(), uuid7(), pokes.heard()
    with own_redis.client() as client:
        first = asyncio.ensure_future(anext(heard))
        await until(lambda: client.pubsub_numsub(pokes.CHANNEL)[0][1])
    poke({workspace_id: 1})
    assert await first == {workspace_id: 1}
    for seq in range(2, 52):
        poke({workspace_id: seq})
    assert await anext(heard) == {workspace_id: 51}
    poke.finish()


async def test_poke_into_a_dead_redis_neither_raises_nor_waits(monkeypatch):
    gone = redis.Redis(unix_socket_path="/nowhere/redis.sock")
    monkeypatch.setattr(pokes, "_client", lambda: gone)
    monkeypatch.setattr(pokes, "PAUSE", 0.2)
    monkeypatch.setattr(pokes, "PATIENCE", 30)
    poke, before = pokes.Poker(), pokes.lost._value.get()
    started = asyncio.get_running_loop().time()
    for _ in range(100):
        poke({uuid7(): 1})
    assert asyncio.get_running_loop().time() - started < 10
    poke.finish()
    assert pokes.lost._value.get() == before + 100


class DeafHub(Hub):
    """One that nobody has told of anything yet, as happens beside a process that was faster."""

    def hear(self, seqs):
        pass


async def test_whoever_has_seen_more_than_this_process_resumes_all_the_same():
    here, workspace_id = DeafHub(), uuid7()
    early = Watcher(here, workspace_id)
    await early.come()
    written = await off_loop(_written, workspace_id)
    assert early.seen == []
    late = Watcher(here, workspace_id, seen=[written])
    await late.come()
    assert (late.recovered, late.seen) == ([True], [written])
    assert early.seen == list(range(1, written + 1))
    early.go(), late.go()


def _written(workspace_id):
    write(workspace_id, 3, random.Random(1))
    return Event.objects.filter(workspace_id=workspace_id).count()


async def test_those_who_leave_late_after_a_restore_take_no_feed_away_from_others():
    here = hub.here()
    first, second = await those_who_may_stay(here, 2)
    await first.come()
    here.epoch = "the one before"
    await until(lambda: first.reader.outbox.code is CloseCode.RESTART)
    await second.come()
    first.go()
    written = await off_loop(_written, first.workspace_id)
    await until(lambda: len(second.seen) == written)
    second.go()


async def test_feed_that_is_left_during_a_look_does_not_end_the_looking(monkeypatch):
    looking, left = asyncio.Event(), threading.Event()
    loop, look = asyncio.get_running_loop(), hub._look

    def slowly(workspaces):
        found = look(workspaces)
        loop.call_soon_threadsafe(looking.set)
        left.wait(60)
        return found

    here, workspace_id = Hub(), uuid7()
    await off_loop(_written, workspace_id)
    watcher = Watcher(here, workspace_id)
    await watcher.come()
    polling = here._tasks["poll"]
    monkeypatch.setattr(hub, "_look", slowly)
    await looking.wait()
    watcher.go()
    left.set()
    finished, _ = await asyncio.wait({polling}, timeout=0.5)
    assert not finished


async def test_database_that_is_away_while_one_joins_counts_nobody(monkeypatch):
    def away():
        raise OperationalError

    here, watcher = Hub(), Watcher(Hub(), uuid7())
    watcher.here = here
    with monkeypatch.context() as patched:
        patched.setattr(hub, "current_epoch", away)
        with pytest.raises(OperationalError):
            await watcher.come()
    assert not here.readers
    monkeypatch.setattr(hub, "READERS_PER_USER", 1)
    await watcher.come()
    watcher.go()


async def test_busy_doors_do_not_keep_anybody_in():
    here, free = hub.here(), threading.Event()
    watcher = Watcher(here, uuid7())
    await watcher.come()  # the system is nobody who may watch
    busy = [asyncio.ensure_future(in_database(free.wait, 60)) for _ in range(6)]
    try:
        await until(lambda: watcher.reader.outbox.code is CloseCode.NOT_ALLOWED, patience=40)
    finally:
        free.set()
        await asyncio.gather(*busy)
    watcher.go()


async def test_whoever_asks_for_more_and_more_and_reads_none_is_too_slow():
    outbox: Outbox[str] = Outbox()
    for times in (2, 3):
        for _ in range(times):
            with outbox.replay():
                outbox.put("what was cut off for being too slow", 2 * LARGEST)
        if times == 2:
            assert len(await outbox.take()) == 2
    assert outbox.code is CloseCode.TOO_SLOW


async def test_frame_is_not_kept_under_every_name_that_somebody_thinks_of():
    event = EventRow(uuid7(), uuid7(), 1, "tests.tower.rung", uuid7(), "system", {}, now())
    frame = Frame(event, "")
    for number in range(1000):
        text = frame.for_topic(f"topic-{number}", "epoch")
        assert f'"topic":"topic-{number}"' in text
    assert len(frame._for_topics) < 50


async def test_subscriber_whose_choice_fails_goes_alone():
    def broken(_):
        raise ZeroDivisionError

    well, ill = await those_who_may_stay(hub.here(), 2)
    await well.come()
    await ill.come()
    next(iter(ill.reader.subscriptions.values())).topic = Topic(ill.workspace_id, broken)
    written = await off_loop(_written, ill.workspace_id)
    await until(lambda: len(well.seen) == written)
    assert (ill.seen, ill.reader.outbox.code) == ([], CloseCode.RESTART)
    well.go(), ill.go()
