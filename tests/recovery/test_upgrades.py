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
from tests.recovery.houses import SECRETS

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
    """The name of a database as the first versions left it, and what was made in it."""
    name = f"test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name}")
    with (
        django_db_blocker.unblock(),
        override_settings(MASTER_KEYS=[SECRETS["master_key"]]),
        looking_at(name),
    ):
        made = older.lay_out()
    yield name, made
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def looking_at(name):
    before = connections["default"].settings_dict["NAME"]
    point_at(name)
    yield
    point_at(before)


@pytest.fixture
def older_database(house, server, first):
    """A copy of it."""
    name = f"test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {first[0]}")
    yield make_conninfo(house.database, dbname=name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def require_as_it_was(database, made):
    """Whoever lived there signs in as before, and reads what they sealed."""
    with looking_at(conninfo_to_dict(database)["dbname"]):
        person = User.objects.get(email=older.EMAIL)
        assert person.check_password(made["password"])
        caller, credential = identify(made["key"])
        assert (caller, credential.confined_to) == (person, made["workspace"])
        said = decrypt(made["workspace"], made["sealed"], context=older.CONTEXT)
        assert said == older.SAID


def chains(database):
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT * FROM ledger_chain WHERE seq = 0").fetchall()


def migrations(database):
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT app || '.' || name FROM django_migrations")
        return {name for (name,) in found}


def test_migrating_in_place_keeps_the_rows(house, older_database, first):
    before = chains(older_database)
    assert LATER not in migrations(older_database)
    run(house, "migrate", "-v0", DATABASE_URL=older_database)
    assert LATER in migrations(older_database)
    assert chains(older_database) == before
    require_as_it_was(older_database, first[1])


def test_an_older_backup_is_migrated_forward_as_it_is_restored(
    house, older_database, first, tmp_path
):
    before = chains(older_database)
    backup = tmp_path / "older.backup"
    run(house, "backup", backup, DATABASE_URL=older_database)

    answer = house.call("restore", backup, "--replace", "--json")

    assert answer.code == 0
    assert LATER in answer.facts["migrated"]
    assert migrations(house.database) >= migrations(older_database) | set(answer.facts["migrated"])
    assert chains(house.database) == before
    require_as_it_was(house.database, first[1])


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
