"""A word through Redis that a workspace has new events: its id and its counter, nothing else.

It may get lost, come late or twice. Whoever follows a workspace also looks at its counter once a
second, so all that a dead Redis costs is that second.
"""

import asyncio
import atexit
import logging
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from uuid import UUID

import redis
import redis.asyncio
import redis.asyncio.retry
from django.conf import settings
from prometheus_client import Counter
from redis.backoff import NoBackoff
from redis.retry import Retry

CHANNEL = "lattice:pokes"
PATIENCE = 0.2
"""Seconds until a Redis that does not answer counts as frozen."""
BREATH = 0.02
"""Seconds in which what else was committed gathers for the next poke. Nobody sees them pass, and a
busy process tells of several events for the price of one."""
PAUSE = 2.0
"""Seconds for which a Redis that failed is left alone."""
SILENCE = 10.0

log = logging.getLogger(__name__)
sent = Counter("lattice_pokes_sent_total", "Pokes that Redis took.")
lost = Counter("lattice_pokes_lost_total", "Pokes that Redis did not take; pollers made up for it.")


class Poker:
    """For the ledger, after a commit: it takes the word and leaves the telling to a thread.

    So a Redis that is slow, frozen or gone costs no commit anything, and a burst is told in few
    pokes: the first at once, the next a moment later.
    """

    def __init__(self) -> None:
        self._words: SimpleQueue[Mapping[UUID, int] | None] = SimpleQueue()
        self._teller: Thread | None = None
        self._process = 0

    def __call__(self, seqs: Mapping[UUID, int]) -> None:
        if self._process != os.getpid():  # a fork takes no threads along
            self._process, self._words = os.getpid(), SimpleQueue()
            self._teller = Thread(target=self._tell_on, name="pokes", daemon=True)
            self._teller.start()
            atexit.register(self.finish)
        self._words.put(seqs)

    def finish(self) -> None:
        """Tell what is still to be told. A command may end right after its commit."""
        if self._teller and self._process == os.getpid():
            self._words.put(None)
            self._teller.join(2 * PATIENCE)

    def _tell_on(self) -> None:
        words = self._words
        going_on = True
        while going_on:
            gathered = [words.get()]
            with suppress(Empty):
                while True:
                    gathered.append(words.get_nowait())
            going_on = None not in gathered
            latest: dict[UUID, int] = {}
            for seqs in filter(None, gathered):
                latest |= seqs
            told = not latest or self._tell(latest)
            if going_on:
                time.sleep(BREATH if told else PAUSE)

    def _tell(self, seqs: Mapping[UUID, int]) -> bool:
        text = " ".join(f"{workspace_id.hex}:{seq}" for workspace_id, seq in seqs.items())
        try:
            _client().publish(CHANNEL, text)
        except redis.RedisError as error:
            lost.inc(len(seqs))
            log.warning("Redis takes no pokes, so watchers learn of events later: %s", error)
            return False
        sent.inc(len(seqs))
        return True


poke = Poker()


async def heard() -> AsyncIterator[dict[UUID, int]]:
    """Pokes as they come. Raises RedisError when the connection is gone, or silent to a ping."""
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=2,
        retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
    )
    async with client, client.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        heed_cancellation()
        pinged = False
        while True:
            message = await subscription.get_message(timeout=SILENCE)
            if message is None:
                if pinged:
                    raise redis.TimeoutError("Redis answers no ping.")
                await subscription.ping()
            heed_cancellation()
            pinged = message is None
            if message and message["type"] == "message":
                yield _read(message["data"])


def heed_cancellation() -> None:
    """redis-py loses a cancellation that comes while it connects: after it did, ask here."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _read(text: bytes) -> dict[UUID, int]:
    found = {}
    for pair in text.decode().split():
        workspace_id, _, seq = pair.partition(":")
        found[UUID(workspace_id)] = int(seq)
    return found


@cache
def _client() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )
