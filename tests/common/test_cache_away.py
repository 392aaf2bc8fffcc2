"""Nobody is locked out because Redis is away."""

import logging
import pickle
import time

import pytest
import redis
from django.conf import settings
from django.core.cache import cache, caches
from django.test import override_settings

from apps.common.cache import ForgivingClient

DEAD = {
    "default": {
        "BACKEND": "apps.common.cache.ForgivingRedisCache",
        "LOCATION": "redis://127.0.0.1:9/0",
        "OPTIONS": {"socket_connect_timeout": 1},
    }
}


@pytest.fixture
def dead_cache(monkeypatch):
    monkeypatch.setattr(ForgivingClient, "quiet_until", 0.0)
    with override_settings(CACHES=DEAD):
        yield caches["default"]


def test_reads_find_nothing_and_writes_succeed(dead_cache):
    assert dead_cache.add("lock", 1) is True
    dead_cache.set("key", "value")
    dead_cache.set_many({"a": 1})
    assert dead_cache.get("key") is None
    assert dead_cache.get("key", "fallback") == "fallback"
    assert dead_cache.get_many(["a"]) == {}
    assert dead_cache.incr("count") == 1
    assert dead_cache.has_key("key") is False
    assert dead_cache.touch("key") is False
    assert dead_cache.delete("key") is False
    dead_cache.delete_many(["a"])


def test_outage_is_told_once_a_minute(dead_cache, caplog):
    with caplog.at_level(logging.WARNING, "apps.common.cache"):
        dead_cache.get("key")
        dead_cache.get("key")
    assert len(caplog.records) == 1


def test_living_cache_is_an_ordinary_one():
    cache.set("alive", {"deep": [1]})
    assert cache.get("alive") == {"deep": [1]}
    assert cache.add("alive", 2) is False
    cache.delete("alive")
    assert cache.get("alive") is None


def test_login_works_without_redis(dead_cache, client, django_user_model, db):
    person = django_user_model(email="ada@example.org")
    person.set_password("a rather long password")
    person.save()
    began = time.monotonic()
    answer = client.post(
        "/accounts/login/", {"login": person.email, "password": "a rather long password"}
    )
    assert answer.url == "/accounts/"
    assert time.monotonic() - began < 20


class Planted:
    """What a pickle can do: run something while it is read."""

    def __reduce__(self):
        return (pytest.fail, ("it was unpickled",))


def test_nothing_in_it_is_ever_run():
    """Nor does what a version before this one left there, or somebody else, break a page."""
    cache.set("planted", 1)
    raw = redis.Redis.from_url(settings.REDIS_URL)
    raw.set(cache.make_key("planted"), pickle.dumps(Planted()))
    assert cache.get("planted") is None
    raw.set(cache.make_key("planted"), b"\xff{")
    assert cache.get("planted") is None


@pytest.mark.parametrize("value", [1, True, "1", 1.5, None, [1.5], {"deep": ["é"]}])
def test_what_is_put_in_comes_out(value):
    cache.set("value", value)
    assert cache.get("value") == value
    assert type(cache.get("value")) is type(value)
