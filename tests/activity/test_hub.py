"""The hub alone: order, resuming without gap or repeat, and what pokes may and may not do."""

import asyncio
import random
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import redis
from django.db import connections

from apps.accounts.ports import Credential
from apps.accounts.rules import PERSON_SCOPES
from apps.activity import hub, pokes
from apps.activity.choices import CloseCode
from apps.activity.hub import Hub, Reader
from apps.activity.outbox import Closed, Outbox
from apps.activity.ports import Topic, Viewer
from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.models import Event
from apps.ledger.services import record, unit
from tests.activity.live.conftest import off_loop
from tests.activity.live.rings import BellRung

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

    async def come(self):
        viewer = Viewer(
            actor=SYSTEM,
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


async def until(fact, patience=20):
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
    assert await interleave(resumes=300, writers=2, watchers=5, seed=random.randrange(2**32)) > 100


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
    monkeypatch.setattr(hub, "REPLAY_ROWS", 3)
    here, workspace_id = hub.here(), uuid7()
    await off_loop(write, workspace_id, 8, random.Random(1))
    watcher = Watcher(here, workspace_id, seen=[1])
    await watcher.come()
    assert (watcher.recovered, watcher.seen) == ([False], [1])
    watcher.go()


async def test_restored_database_sends_everybody_away():
    here, workspace_id = hub.here(), uuid7()
    watcher = Watcher(here, workspace_id)
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


async def test_listening_survives_thirty_idle_seconds(own_redis, settings):
    """Redis libraries have ended an idle wait with an error before."""
    settings.REDIS_URL = own_redis.url
    listening = asyncio.ensure_future(anext(pokes.heard()))
    finished, _ = await asyncio.wait({listening}, timeout=31)
    assert not finished
    workspace_id = uuid7()
    with own_redis.client() as client:
        client.publish(pokes.CHANNEL, f"{workspace_id.hex}:7")
    async with asyncio.timeout(5):
        assert await listening == {workspace_id: 7}


async def test_poke_into_a_dead_redis_neither_raises_nor_waits(monkeypatch):
    gone = redis.Redis(unix_socket_path="/nowhere/redis.sock")
    monkeypatch.setattr(pokes, "_client", lambda: gone)
    poke, before = pokes.Poker(), pokes.lost._value.get()
    started = asyncio.get_running_loop().time()
    for _ in range(100):
        poke({uuid7(): 1})
    assert asyncio.get_running_loop().time() - started < 1
    assert pokes.lost._value.get() == before + 100
