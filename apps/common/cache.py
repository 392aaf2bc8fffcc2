"""The cache, without which everything still works.

What stands in it only slows abuse down or saves a query. So when Redis is away, reads find
nothing, writes succeed, and the log says so once a minute.
"""

import json
import logging
import time
from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

log = logging.getLogger(__name__)


class AsJson:
    """Django's own would unpickle whatever stands there: who can write to Redis could run code."""

    def dumps(self, value: Any) -> int | str:
        return value if type(value) is int else json.dumps(value)  # integers can be counted up

    def loads(self, stored: bytes) -> Any:
        try:
            return json.loads(stored)
        except ValueError:
            return None  # of a version before this one, or of somebody else


class ForgivingClient(RedisCacheClient):
    quiet_until = 0.0

    def add(self, *args: Any) -> bool:
        return bool(self._unless_away("add", *args, otherwise=True))

    def get(self, key: Any, default: Any) -> Any:
        return self._unless_away("get", key, default, otherwise=default)

    def set(self, *args: Any) -> None:
        self._unless_away("set", *args, otherwise=None)

    def touch(self, *args: Any) -> bool:
        return bool(self._unless_away("touch", *args, otherwise=False))

    def delete(self, key: Any) -> bool:
        return bool(self._unless_away("delete", key, otherwise=False))

    def has_key(self, key: Any) -> bool:
        return bool(self._unless_away("has_key", key, otherwise=False))

    def get_many(self, keys: Any) -> Any:
        return self._unless_away("get_many", keys, otherwise={})

    def set_many(self, *args: Any) -> None:
        self._unless_away("set_many", *args, otherwise=None)

    def delete_many(self, keys: Any) -> None:
        self._unless_away("delete_many", keys, otherwise=None)

    def incr(self, key: Any, delta: int) -> int:
        return int(self._unless_away("incr", key, delta, otherwise=delta))

    def _unless_away(self, method: str, *args: Any, otherwise: Any) -> Any:
        try:
            return getattr(super(), method)(*args)
        except redis.RedisError as error:
            if time.monotonic() > ForgivingClient.quiet_until:
                ForgivingClient.quiet_until = time.monotonic() + 60
                log.warning("The cache is away, so nothing is limited by it: %s", error)
            return otherwise


class ForgivingRedisCache(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"serializer": AsJson, **params.get("OPTIONS", {})}
        super().__init__(server, {**params, "OPTIONS": options})
        self._class = ForgivingClient
