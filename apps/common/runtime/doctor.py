"""What `manage.py doctor` looks at. Each finding says how it is and, if not well, what to do."""

import platform
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import django
import redis
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection

from apps.common.ports import Examination, Finding, Health, examinations
from apps.common.runtime.seat import supervisor_of
from apps.common.runtime.startup import unapplied_migrations
from apps.common.version import VERSION

NEEDED, WISHED_FOR = "vector", "pg_trgm"
LIKENESS = (
    "CREATE EXTENSION pg_trgm; "
    "CREATE INDEX specs_words_alike ON specs_word USING gin (stem gin_trgm_ops); then start anew."
)
OLDEST_POSTGRES = 150000
FEW_BYTES, SCARCE_BYTES = 200_000_000, 2_000_000_000
REFERENCE = "https://docs.djangoproject.com/en/5.2/ref/checks/"
CLOCK_WARNS, CLOCK_FAILS = 2.0, 30.0


def examine() -> Iterator[Finding]:
    yield _versions()
    yield _disk(settings.DATA_DIR)
    database = list(_postgres())
    yield from database
    yield _redis()
    yield _supervisor(settings.DATA_DIR)
    if all(finding.health is not Health.FAIL for finding in database):
        for examination in examinations:
            yield from _examined(examination)
    yield from _settings()


def _examined(examination: Examination) -> Iterator[Finding]:
    try:
        yield from examination()
    except DatabaseError as error:
        name = getattr(examination, "__name__", str(examination))
        yield Finding(name, Health.FAIL, str(error).strip(), "See the log of PostgreSQL.")


def _versions() -> Finding:
    text = f"Lattice {VERSION}, Python {platform.python_version()}, Django {django.__version__}"
    if sys.version_info[:2] != (3, 11):
        fix = "Lattice is locked and tested for Python 3.11: make .venv with that."
        return Finding("versions", Health.WARN, text, fix)
    return Finding("versions", Health.OK, text)


def _disk(data_dir: Path) -> Finding:
    free = shutil.disk_usage(data_dir).free
    text = f"{free / 1e9:.1f} GB free at {data_dir}"
    health = Health.FAIL if free < FEW_BYTES else Health.WARN if free < SCARCE_BYTES else Health.OK
    fix = "" if health is Health.OK else "Make room, or move the data folder (LATTICE_DATA_DIR)."
    return Finding("disk", health, text, fix)


def _postgres() -> Iterator[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            number = int(cursor.fetchone()[0])
            cursor.execute("SELECT extname, extversion FROM pg_extension")
            extensions = dict(cursor.fetchall())
            cursor.execute("SELECT clock_timestamp()")
            apart = abs((cursor.fetchone()[0] - datetime.now(UTC)).total_seconds())
        waiting = unapplied_migrations()
    except DatabaseError as error:
        where = "embedded" if settings.EMBEDDED_POSTGRES else "DATABASE_URL"
        fix = (
            f"See {settings.DATA_DIR / 'logs' / 'postgres.log'}."
            if settings.EMBEDDED_POSTGRES
            else "Check DATABASE_URL, and that the server runs and lets us in."
        )
        yield Finding("postgres", Health.FAIL, f"{where}: {str(error).strip()}", fix)
        return
    yield _postgres_version(number)
    yield _extensions(extensions)
    yield _migrations(waiting)
    yield _clock(apart)


def _postgres_version(number: int) -> Finding:
    kind = "embedded" if settings.EMBEDDED_POSTGRES else "external"
    text = f"PostgreSQL {number // 10000}.{number % 10000}, {kind}"
    if number < OLDEST_POSTGRES:
        return Finding("postgres", Health.FAIL, text, "Use PostgreSQL 15 or newer.")
    return Finding("postgres", Health.OK, text)


def _extensions(found: dict[str, str]) -> Finding:
    if NEEDED not in found:
        fix = f"Run `manage.py migrate`, or as superuser: CREATE EXTENSION {NEEDED}."
        return Finding("extensions", Health.FAIL, f"missing: {NEEDED}", fix)
    if WISHED_FOR not in found:
        text = f"missing: {WISHED_FOR}. Searches forgive no typing errors"
        return Finding("extensions", Health.WARN, text, f"As superuser: {LIKENESS}")
    text = ", ".join(f"{name} {found[name]}" for name in (NEEDED, WISHED_FOR))
    return Finding("extensions", Health.OK, text)


def _migrations(waiting: list[str]) -> Finding:
    if waiting:
        text = f"{len(waiting)} not applied, first {waiting[0]}"
        return Finding("migrations", Health.FAIL, text, "Run `manage.py migrate`.")
    return Finding("migrations", Health.OK, "all applied")


def _clock(apart: float) -> Finding:
    text = f"the database's clock and ours are {apart:.1f} s apart"
    if apart < CLOCK_WARNS:
        return Finding("clock", Health.OK, text)
    health = Health.WARN if apart < CLOCK_FAILS else Health.FAIL
    return Finding("clock", health, text, "Let both machines keep time by NTP.")


def _redis() -> Finding:
    kind = "embedded" if settings.EMBEDDED_REDIS else "external"
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=3) as client:
            version = client.info("server")["redis_version"]
    except redis.RedisError as error:
        fix = (
            f"See {settings.DATA_DIR / 'logs' / 'redis.log'}."
            if settings.EMBEDDED_REDIS
            else "Check REDIS_URL, and that the server runs. Nothing is lost meanwhile, only later."
        )
        return Finding("redis", Health.WARN, f"{kind}: {error}", fix)
    return Finding("redis", Health.OK, f"Redis {version}, {kind}")


def _supervisor(data_dir: Path) -> Finding:
    running = supervisor_of(data_dir / "run")
    text = f"runs at {running.url} (pid {running.pid})" if running else "not running here"
    return Finding("lattice", Health.OK, text)


def _settings() -> Iterator[Finding]:
    found = [
        message
        for message in checks.run_checks(include_deployment_checks=not settings.DEVELOPMENT)
        if message.level >= checks.WARNING and not message.is_silenced()
    ]
    for message in found:
        health = Health.FAIL if message.level >= checks.ERROR else Health.WARN
        yield Finding("settings", health, f"{message.id}: {message.msg}", _fix(message))
    if not found:
        mode = "development" if settings.DEVELOPMENT else "production"
        yield Finding("settings", Health.OK, f"sound for {mode}")


def _fix(message: checks.CheckMessage) -> str:
    return message.hint or f"Look up {message.id}: {REFERENCE}."
