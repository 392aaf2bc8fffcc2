"""What an older Lattice wrote is carried forward, and what cannot be read is named."""

from uuid import uuid4

import psycopg
import pytest

from apps.common.runtime.errors import ServiceError
from apps.common.runtime.services import Services

FIRST = "0001_initial"


def run(house, *arguments, **environment):
    with house.spawn(*arguments, **environment) as process:
        out, err = process.communicate()
    assert process.returncode == 0, err
    return out


@pytest.fixture
def older(house, empty_database):
    """A database as the ledger's first version left it, with rows in it."""
    run(house, "migrate", "accounts", "-v0", DATABASE_URL=empty_database)
    run(house, "migrate", "ledger", FIRST, "-v0", DATABASE_URL=empty_database)
    with psycopg.connect(empty_database) as connection:
        connection.execute(
            "INSERT INTO ledger_chain (workspace_id, seq, head) VALUES (%s, 0, %s)",
            [uuid4(), bytes(32)],
        )
    return empty_database


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
