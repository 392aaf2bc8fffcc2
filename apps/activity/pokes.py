"""A word through Redis that a workspace has new events: its id and its counter, nothing else.

It may get lost, come late or twice. Whoever follows a workspace also looks at its counter once a
second, so all that a dead Redis costs is that second.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from functools import cache
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
"""Seconds that a write may be held up by a Redis that has frozen."""
PAUSE = 2.0
"""Seconds for which a Redis that failed is left alone."""
SILENCE = 10.0

log = logging.getLogger(__name__)
sent = Counter("lattice_pokes_sent_total", "Pokes that Redis took.")
lost = Counter("lattice_pokes_lost_total", "Pokes that Redis did not take; pollers made up for it.")


class Poker:
    """For the ledger, after a commit: it never raises and hardly waits."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, seqs: Mapping[UUID, int]) -> None:
        if time.monotonic() < self._quiet_until:
            lost.inc()
            return
        text = " ".join(f"{workspace_id.hex}:{seq}" for workspace_id, seq in seqs.items())
        try:
            _client().publish(CHANNEL, text)
        except redis.RedisError as error:
            self._quiet_until = time.monotonic() + PAUSE
            lost.inc()
            log.warning("Redis takes no pokes, so watchers learn of events later: %s", error)
        else:
            sent.inc()


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
