"""How often somebody may call: a sliding window in Redis, which may be away."""

import logging
import secrets
import time
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

_PATIENCE = 0.25
_LEAVE_ALONE_FOR = 5.0

# Keeps the moment of each call of the window. Answers whether this one fits, how many more would,
# and in how many milliseconds the oldest one leaves the window.
_SPEND = """
local now = redis.call('TIME')
local at = now[1] * 1000 + math.floor(now[2] / 1000)
local window, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', at - window)
local spent = redis.call('ZCARD', KEYS[1])
local fits = spent < limit
if fits then
  redis.call('ZADD', KEYS[1], at, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window)
  spent = spent + 1
end
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local left = window
if oldest[2] then left = tonumber(oldest[2]) + window - at end
return {fits and 1 or 0, limit - spent, left}
"""


@dataclass(frozen=True)
class Policy:
    name: str
    bucket: str
    limit: int
    seconds: int


@dataclass(frozen=True)
class Verdict:
    policy: Policy
    allowed: bool
    remaining: int
    reset_after: int
    """In seconds, rounded up."""


class Limiter:
    """One for each process. While Redis does not answer, everybody passes and it is said once."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=_PATIENCE,
            socket_connect_timeout=_PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = self._redis.register_script(_SPEND)
        self._away_until = 0.0
        self._away = False

    def spend(self, policy: Policy) -> Verdict | None:
        """None: nobody knows, so let it pass."""
        if time.monotonic() < self._away_until:
            return None
        try:
            allowed, remaining, left = self._script(
                keys=[f"lattice:rate:{policy.name}:{policy.bucket}"],
                args=[policy.seconds * 1000, policy.limit, secrets.token_hex(8)],
            )
        except redis.RedisError as error:
            self._away_until = time.monotonic() + _LEAVE_ALONE_FOR
            if not self._away:
                log.warning("Redis is away, so calls are not limited: %s", type(error).__name__)
            self._away = True
            return None
        if self._away:
            log.warning("Redis is back, calls are limited again.")
        self._away = False
        return Verdict(policy, bool(allowed), max(remaining, 0), -(-left // 1000))


@cache
def _limiter_at(url: str) -> Limiter:
    return Limiter(url)


def limiter() -> Limiter:
    return _limiter_at(settings.REDIS_URL)
