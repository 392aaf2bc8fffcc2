"""What every test may ask for. Rows come from tests/factories.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.db import connections

from apps.common.runtime import addresses
from tests.databases import point_at
from tests.throwaway import TEMPLATE

hypothesis.settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy machine")


@contextmanager
def cloned_database(name: str) -> Iterator[str]:
    admin_url = addresses.database_url(settings.DATA_DIR, "postgres")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        try:
            yield name
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session", autouse=True)
def _quick_bcrypt() -> Iterator[None]:
    """It is slow on purpose, a quarter of a second each time; in servers of tests, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BCryptSHA256PasswordHasher, "rounds", 4)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_when_asked_for() -> Iterator[None]:
    """A server looks at them all when it starts, and every `Client` of a test is one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "WHITENOISE_AUTOREFRESH", True, raising=False)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker) -> Iterator[None]:
    """In place of pytest-django's: a clone of the migrated template, which takes 0.1 s."""
    with django_db_blocker.unblock(), cloned_database(f"test_{uuid4().hex[:12]}") as name:
        point_at(name)
        yield
        point_at("postgres")


@pytest.fixture
def committed_database(django_db_setup, django_db_blocker) -> Iterator[str]:
    """A database of this test's own, where commits are real: for threads and processes.

    Nothing is flushed afterwards, because the ledger refuses that: the clone is dropped.
    """
    before = connections["default"].settings_dict["NAME"]
    with django_db_blocker.unblock(), cloned_database(f"test_{uuid4().hex[:12]}") as name:
        point_at(name)
        yield addresses.database_url(settings.DATA_DIR, name)
        point_at(before)


@pytest.fixture
def unhurried(settings) -> None:
    """No rate limits, no lockouts, quick hashes: for tests that ask thousands of times."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 1_000_000)
    settings.AXES_ENABLED = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
