"""The tests run on the PostgreSQL and the Redis we bring, whatever else the machine has."""

from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from apps.common.runtime.postgres import postgres_bin
from apps.common.runtime.redis import redis_server


def _program(pid):
    return Path(f"/proc/{pid}/exe").resolve()


@pytest.mark.django_db
def test_postgres_is_the_embedded_one():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('data_directory')")
        pid, folder = cursor.fetchone()
    assert _program(pid) == (postgres_bin() / "postgres").resolve()
    assert Path(folder) == settings.DATA_DIR / "postgres"


def test_redis_is_the_embedded_one():
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        pid = client.info("server")["process_id"]
    assert _program(pid) == Path(redis_server()).resolve()


@pytest.mark.django_db
def test_extensions_are_there():
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        assert {"vector", "pg_trgm"} <= {name for (name,) in cursor.fetchall()}
