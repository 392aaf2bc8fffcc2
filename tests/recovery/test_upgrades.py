"""What an older Lattice wrote is carried forward, and what cannot be read is named."""

from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from apps.accounts.keyring import decrypt
from apps.accounts.models import User
from apps.accounts.services.authentication import identify
from apps.common.runtime import addresses
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.services import Services
from tests.databases import point_at
from tests.recovery import older

LATER = "approvals.0002_votes_stay"


def run(house, *arguments, **environment):
    with house.spawn(*arguments, **environment) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def server():
    admin = addresses.database_url(settings.DATA_DIR, "postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def first(server, django_db_blocker):
    """The name of a database as the first versions left it."""
    name = f"test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        with django_db_blocker.unblock(), looking_at(name):
            older.lay_out()
        yield name
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def looking_at(name):
    before = connections["default"].settings_dict["NAME"]
    point_at(name)
    try:
        yield
    finally:
        point_at(before)


@pytest.fixture
def older_database(house, server, first):
    """A copy of it."""
    name = f"test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {first}")
    yield make_conninfo(house.database, dbname=name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def require_as_it_was(database):
    """Whoever lived there signs in as before, and reads what they sealed."""
    with (
        looking_at(conninfo_to_dict(database)["dbname"]),
        override_settings(MASTER_KEYS=[older.MASTER_KEY]),
    ):
        person = User.objects.get(email=older.EMAIL)
        assert person.check_password(older.PASSWORD)
        caller, credential = identify(older.API_KEY)
        assert (caller, credential.confined_to) == (person, older.WORKSPACE)
        sealed = bytes.fromhex(older.SEALED)
        assert decrypt(older.WORKSPACE, sealed, context=older.CONTEXT) == older.SAID


def chains(database):
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT * FROM ledger_chain WHERE seq = 0").fetchall()


def migrations(database):
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT app || '.' || name FROM django_migrations")
        return {name for (name,) in found}


def test_migrating_in_place_keeps_the_rows(house, older_database):
    before = chains(older_database)
    assert LATER not in migrations(older_database)
    run(house, "migrate", "-v0", DATABASE_URL=older_database)
    assert LATER in migrations(older_database)
    assert chains(older_database) == before
    require_as_it_was(older_database)


def test_an_older_backup_is_migrated_forward_as_it_is_restored(house, older_database, tmp_path):
    before = chains(older_database)
    backup = tmp_path / "older.backup"
    run(house, "backup", backup, DATABASE_URL=older_database)

    answer = house.call("restore", backup, "--replace", "--json")

    assert answer.code == 0
    assert LATER in answer.facts["migrated"]
    assert migrations(house.database) >= migrations(older_database) | set(answer.facts["migrated"])
    assert chains(house.database) == before
    require_as_it_was(house.database)


def test_a_data_folder_of_another_postgresql_is_named_and_left_alone(tmp_path):
    folder = tmp_path / "var"
    (folder / "postgres").mkdir(parents=True)
    (folder / "postgres" / "PG_VERSION").write_text("12\n")
    with (
        pytest.raises(ServiceError, match=r"made by PostgreSQL 12.*manage.py backup"),
        Services(folder, redis=False).running(),
    ):
        pass
    assert [path.name for path in (folder / "postgres").iterdir()] == ["PG_VERSION"]
