"""Who is here, and what they are looking at: in Redis, which all web processes share.

A presence belongs to whoever announced it, and lasts as long as it is announced again. It is no
fact of the record: when Redis forgets it, the next heartbeat says it again.
"""

import json
import logging
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import redis
import redis.asyncio
import redis.asyncio.retry
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.activity.frames import Passing
from apps.activity.pokes import heed_cancellation
from apps.activity.ports import EventRow
from apps.common.ids import uuid7

CHANNEL = "lattice:presence"
LASTS = 60.0
"""Seconds. A page says that it is still there every 25."""
PER_USER = 50
SWEEP_EVERY = 5.0
PATIENCE = 0.25
PAUSE = 2.0
"""Seconds for which a Redis that failed is not asked for what can be done without."""

log = logging.getLogger(__name__)

# Every script first lets go of whoever fell silent. Who is told of it is decided by Redis, so
# however many processes look, each coming and going is announced once.
_COMMON = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lasts = tonumber(ARGV[1])
local function drop(id)
  local text = redis.call('HGET', 'lattice:presence:rows', id)
  redis.call('HDEL', 'lattice:presence:rows', id)
  redis.call('ZREM', 'lattice:presence:until', id)
  if text then
    local row = cjson.decode(text)
    redis.call('SREM', 'lattice:presence:in:' .. row.workspace_id, id)
    redis.call('SREM', 'lattice:presence:of:' .. row.user, id)
    redis.call('PUBLISH', 'lattice:presence', 'leave ' .. text)
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', 'lattice:presence:until', '-inf', now)) do
  drop(id)
end
"""
_JOIN = (
    _COMMON
    + """
local new, most = cjson.decode(ARGV[2]), tonumber(ARGV[3])
local id, known = new.client_id, redis.call('HGET', 'lattice:presence:rows', new.client_id)
if known then
  local old = cjson.decode(known)
  if old.user ~= new.user then return {'taken'} end
  if old.workspace_id == new.workspace_id and old.subject == new.subject then
    redis.call('ZADD', 'lattice:presence:until', now + lasts, id)
    return {'here', known, now}
  end
  drop(id)
end
if redis.call('SCARD', 'lattice:presence:of:' .. new.user) >= most then return {'full'} end
new.joined_at = now
local text = cjson.encode(new)
redis.call('HSET', 'lattice:presence:rows', id, text)
redis.call('ZADD', 'lattice:presence:until', now + lasts, id)
redis.call('SADD', 'lattice:presence:in:' .. new.workspace_id, id)
redis.call('SADD', 'lattice:presence:of:' .. new.user, id)
redis.call('PUBLISH', 'lattice:presence', 'join ' .. text)
return {'here', text, now}
"""
)
_LEAVE = (
    _COMMON
    + """
local known = redis.call('HGET', 'lattice:presence:rows', ARGV[2])
if not known or cjson.decode(known).user ~= ARGV[3] then return 0 end
drop(ARGV[2])
return 1
"""
)
_DISMISS = (
    _COMMON
    + """
for number = 3, #ARGV do
  for _, id in ipairs(redis.call('SMEMBERS', 'lattice:presence:of:' .. ARGV[number])) do
    local text = redis.call('HGET', 'lattice:presence:rows', id)
    if text and cjson.decode(text).workspace_id == ARGV[2] then drop(id) end
  end
end
"""
)
_HERE = (
    _COMMON
    + """
local found = {}
for number = 2, #ARGV do
  for _, id in ipairs(redis.call('SMEMBERS', 'lattice:presence:in:' .. ARGV[number])) do
    table.insert(found, redis.call('HGET', 'lattice:presence:rows', id))
    table.insert(found, redis.call('ZSCORE', 'lattice:presence:until', id) - lasts)
  end
end
return found
"""
)


@dataclass(frozen=True, kw_only=True)
class Presence:
    client_id: str
    user: UUID
    name: str
    kind: str
    workspace_id: UUID
    subject: str
    """What they look at: "approval:<id>". Empty: nothing in particular."""
    joined_at: datetime
    last_seen: datetime


class Taken(Exception):
    """Somebody else's presence has this client_id."""


class Full(Exception):
    """This user is here so many times that no more is kept."""


def announce(
    *, client_id: str, user: UUID, name: str, kind: str, workspace_id: UUID, subject: str
) -> Presence:
    """They are here, or still here. Raises Taken, Full and RedisError."""
    row = {
        "client_id": client_id,
        "user": str(user),
        "name": name,
        "kind": kind,
        "workspace_id": str(workspace_id),
        "subject": subject,
    }
    outcome, *found = _run(_JOIN, json.dumps(row), PER_USER)
    if outcome == b"taken":
        raise Taken
    if outcome == b"full":
        raise Full
    return _presence(*found)


def withdraw(*, client_id: str, user: UUID) -> bool:
    """Whether there was such a presence of theirs. Raises RedisError."""
    return bool(_run(_LEAVE, client_id, str(user)))


def dismiss(*, workspace_id: UUID, users: Iterable[UUID]) -> None:
    """They are members no more. Raises RedisError."""
    _run(_DISMISS, str(workspace_id), *map(str, users))


def present_in(workspaces: Iterable[UUID]) -> list[Presence]:
    """The longest there first. Raises RedisError."""
    found = _run(_HERE, *map(str, workspaces))
    rows = [_presence(*pair) for pair in zip(found[::2], found[1::2], strict=True)]
    return sorted(rows, key=lambda row: (row.joined_at, row.client_id))


class Count:
    """For figures: nobody counts, and nobody waits, while Redis is away."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, workspaces: frozenset[UUID]) -> int:
        if time.monotonic() < self._quiet_until:
            return 0
        try:
            return len(present_in(workspaces))
        except redis.RedisError as error:
            self._quiet_until = time.monotonic() + PAUSE
            log.warning("Who is here cannot be counted: %s", error)
            return 0


count = Count()


async def heard() -> AsyncIterator[Passing]:
    """Everybody's coming and going, as it happens. Raises RedisError.

    Whoever listens also looks now and then for those who fell silent.
    """
    client = redis.asyncio.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=2,
        socket_connect_timeout=2,
        retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
    )
    async with client, client.pubsub() as subscription:
        await subscription.subscribe(CHANNEL)
        heed_cancellation()
        sweep = client.register_script(_HERE)
        swept = 0.0
        while True:
            if time.monotonic() - swept > SWEEP_EVERY:
                await sweep(args=[int(LASTS * 1000)])
                heed_cancellation()
                swept = time.monotonic()
            message = await subscription.get_message(timeout=SWEEP_EVERY)
            heed_cancellation()
            if message and message["type"] == "message":
                yield _passing(message["data"])


def _passing(message: bytes) -> Passing:
    change, _, text = message.partition(b" ")
    row = asdict(_presence(text, 0))
    event = EventRow(
        id=uuid7(),
        workspace_id=row.pop("workspace_id"),
        seq=0,
        type=f"presence.{change.decode()}",
        actor_id=row["user"],
        actor_kind=row["kind"],
        payload={name: row[name] for name in ("client_id", "user", "name", "kind", "subject")},
        at=datetime.now(UTC),
    )
    text_for_people = f"{row['name']} {'is here' if change == b'join' else 'has left'}"
    return Passing(event, text_for_people)


def _presence(text: bytes, seen: Any) -> Presence:
    row = json.loads(text)
    return Presence(
        client_id=row["client_id"],
        user=UUID(row["user"]),
        name=row["name"],
        kind=row["kind"],
        workspace_id=UUID(row["workspace_id"]),
        subject=row["subject"],
        joined_at=_moment(row["joined_at"]),
        last_seen=_moment(seen),
    )


def _moment(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(float(milliseconds) / 1000, UTC)


def _run(script: str, *words: str | int) -> Any:
    return _script(settings.REDIS_URL, script)(args=[int(LASTS * 1000), *words])


@cache
def _script(url: str, text: str) -> Any:
    return _client(url).register_script(text)


@cache
def _client(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )
