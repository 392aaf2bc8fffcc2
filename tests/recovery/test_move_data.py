"""`manage.py move_data` copies everything to a server of one's own, and touches nothing here."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from apps.common.runtime import addresses, dumps, postgres
from apps.common.runtime.errors import ServiceError
from apps.common.runtime.services import Services

DEBIAN = Path("/usr/lib/postgresql/15/bin")


def contents(database):
    with dumps.snapshot(database) as moment:
        return moment.contents()


@pytest.fixture
def own_server(tmp_path) -> Iterator[str]:
    """A second PostgreSQL, with a database that is empty."""
    folder = tmp_path / "own"
    with Services(folder, redis=False).running():
        yield addresses.database_url(folder)


def test_everything_arrives_on_another_server(house, own_server):
    before = house.contents()

    answer = house.call("move_data", "--to", own_server, "--json")

    assert answer.code == 0
    assert answer.facts["tables"] == {name: table.rows for name, table in before.items()}
    assert contents(own_server) == before
    assert house.contents() == before


def test_it_says_what_to_put_in_the_environment_and_that_works(house, empty_database):
    answer = house.call("move_data", "--to", empty_database)
    assert f"DATABASE_URL={empty_database}\n" in answer.text
    assert "REDIS_URL=" in answer.text
    assert "Redis stays in use. It needs no moving" in answer.text

    with house.spawn("migrate", "--check", DATABASE_URL=empty_database) as process:
        process.communicate()
    assert process.returncode == 0


def test_dry_run_examines_the_target_and_writes_nothing(house, empty_database):
    answer = house.call("move_data", "--to", empty_database, "--dry-run", "--json")
    assert answer.code == 0
    assert answer.facts["rows"] > 0
    assert contents(empty_database) == {}
    with psycopg.connect(empty_database) as connection:
        found = connection.execute("SELECT extname FROM pg_extension").fetchall()
    assert found == [("plpgsql",)]


def test_a_target_that_is_not_empty_is_refused(house, empty_database):
    with psycopg.connect(empty_database) as connection:
        connection.execute("CREATE TABLE somebodys (id int)")
    answer = house.call("move_data", "--to", empty_database, "--json")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "database_not_empty")
    assert list(contents(empty_database)) == ["public.somebodys"]


def test_the_source_as_target_is_refused(house):
    before = house.contents()
    answer = house.call("move_data", "--to", house.database, "--json")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "database_not_empty")
    assert house.contents() == before


def test_it_is_refused_while_somebody_could_still_write(house, empty_database):
    with psycopg.connect(house.database, application_name="lattice web"):
        answer = house.call("move_data", "--to", empty_database, "--json")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "database_in_use")
    assert contents(empty_database) == {}


def test_a_target_that_does_not_answer_is_named(house):
    nowhere = "postgresql://postgres@127.0.0.1:1/lattice"
    answer = house.call("move_data", "--to", nowhere, "--json")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "database_unreachable")


@pytest.mark.parametrize("address", ["what?", "postgresql://somebody@somewhere"])
def test_something_else_than_an_address_is_a_matter_of_usage(house, address):
    assert house.call("move_data", "--to", address).code == 2


def test_a_role_that_may_not_create_extensions_is_told_who_can(house, empty_database):
    role = f"modest_{uuid4().hex[:12]}"
    with psycopg.connect(empty_database, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN")
        target = make_conninfo(empty_database, user=role)
        answer = house.call("move_data", "--to", target, "--json")
        admin.execute(f"DROP ROLE {role}")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "target_unfit")
    assert "CREATE EXTENSION" in answer.facts["error"]["message"]
    assert contents(empty_database) == {}


def test_a_copy_that_is_cut_short_leaves_the_target_empty(house, empty_database, monkeypatch):
    dump = dumps.dump

    @contextmanager
    def cut_short(moment):
        with dump(moment) as stream:
            yield BytesIO(stream.read(5000))

    monkeypatch.setattr(dumps, "dump", cut_short)
    answer = house.call("move_data", "--to", empty_database, "--json")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "dump_failed")
    assert contents(empty_database) == {}


@pytest.mark.peers
def test_an_older_server_is_refused_and_an_older_data_folder_named(house, tmp_path, monkeypatch):
    folder = tmp_path / "older"
    with monkeypatch.context() as older:
        older.setattr(postgres, "postgres_bin", lambda: DEBIAN)
        with Services(folder, redis=False).running():
            target = addresses.database_url(folder)
            answer = house.call("move_data", "--to", target, "--json")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "target_unfit")
    assert "PostgreSQL 15" in answer.facts["error"]["message"]

    with (
        pytest.raises(ServiceError, match=r"was made by PostgreSQL 15"),
        Services(folder).running(),
    ):
        pass
