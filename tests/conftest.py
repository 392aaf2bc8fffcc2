"""What every test may ask for. Rows come from tests/factories.py."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from apps.common.runtime import addresses
from tests.clones import cloned_database
from tests.databases import point_at

pytest_plugins = ("tests.people", "tests.machine", "tests.live", "tests.inference.wire")

hypothesis.settings.register_profile(
    "busy machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy machine")


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
def room_for_all(committed_database) -> Iterator[None]:
    """Connections for sixteen threads, and two more."""
    connection = connections["default"]
    assert isinstance(connection, DatabaseWrapper)
    pool = connection.settings_dict["OPTIONS"]["pool"]
    before = dict(pool)
    connection.close()
    connection.close_pool()
    pool.update(max_size=18, timeout=60)
    yield
    connection.close()
    connection.close_pool()
    pool.clear()
    pool.update(before)


@pytest.fixture
def unhurried(settings) -> None:
    """No rate limits, no lockouts, quick hashes: for tests that ask thousands of times."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 1_000_000)
    settings.AXES_ENABLED = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def own_checkpoints(settings, tmp_path) -> Path:
    """Checkpoints of this test are none of another's."""
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
    return settings.CHECKPOINT_DIR
