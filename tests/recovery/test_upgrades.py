"""What an older Lattice wrote is carried forward, and what cannot be read is named."""

import os
import subprocess
import sys
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo

from apps.common.runtime import addresses
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.services import Services
from config.env import ROOT

FIRST = "0001_initial"


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
def first_ledger(server):
    """The name of a database as the ledger's first version left it, with rows in it."""
    name = f"test_{uuid4().hex[:12]}"
    url = addresses.database_url(settings.DATA_DIR, name)
    server.execute(f"CREATE DATABASE {name}")
    for wanted in (("accounts",), ("ledger", FIRST)):
        words = [sys.executable, "manage.py", "migrate", *wanted, "-v0"]
        subprocess.run(words, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO ledger_chain (workspace_id, seq, head) VALUES (%s, 0, %s)",
            [uuid4(), bytes(32)],
        )
    yield name
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def older(house, server, first_ledger):
    """A copy of it."""
    name = f"test_{uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {first_ledger}")
    yield make_conninfo(house.database, dbname=name)
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def chains(database):
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT * FROM ledger_chain WHERE seq = 0").fetchall()


def migrations(database):
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT app || '.' || name FROM django_migrations")
        return {name for (name,) in found}


def test_migrating_in_place_keeps_the_rows(house, older):
    before = chains(older)
    assert "ledger.0002_append_only" not in migrations(older)
    run(house, "migrate", "-v0", DATABASE_URL=older)
    assert "ledger.0002_append_only" in migrations(older)
    assert chains(older) == before


def test_an_older_backup_is_migrated_forward_as_it_is_restored(house, older, tmp_path):
    before = chains(older)
    backup = tmp_path / "older.backup"
    run(house, "backup", backup, DATABASE_URL=older)

    answer = house.call("restore", backup, "--replace", "--json")

    assert answer.code == 0
    assert "ledger.0002_append_only" in answer.facts["migrated"]
    assert migrations(house.database) >= migrations(older) | set(answer.facts["migrated"])
    assert chains(house.database) == before


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
