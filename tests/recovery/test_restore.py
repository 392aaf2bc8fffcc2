"""A backup comes back: the same rows, a chain that verifies. Or nothing has changed."""

import json
import random
import signal
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from apps.accounts.models import User
from apps.common.runtime import dumps
from apps.common.runtime.seat import taken_seat
from apps.ledger import models
from apps.ledger.recovery import restoring
from apps.ledger.recovery.instance import compare
from apps.ledger.selectors import current_epoch
from apps.ledger.services import write_checkpoint
from tests.recovery.houses import assert_unchanged, databases_beside, fill, wipe
from tests.waiting import eventually

pytestmark = pytest.mark.row(17)


def test_a_wiped_database_comes_back_row_by_row(house, backup, figures):
    before, rest = house.contents(), house.contents_besides_the_epoch()
    hashes = [bytes(hash_) for hash_ in models.Event.objects.values_list("hash", flat=True)]
    wipe(house.database)

    answer = house.call("restore", backup, "--json")

    assert answer.code == 0
    assert answer.facts["tables"] == {name: table.rows for name, table in before.items()}
    assert house.contents_besides_the_epoch() == rest
    told = models.Event.objects.filter(type="ledger.epoch.begun")
    old = models.Event.objects.exclude(id__in=told)
    assert [bytes(hash_) for hash_ in old.values_list("hash", flat=True)] == hashes
    assert databases_beside(house.database) == []
    figures(
        f"{len(before)} tables of a wiped database are the same row by row, the chain verifies, "
        "the epoch changes; every flipped byte and every truncation is noticed"
    )


def test_a_restored_history_is_another_epoch_and_says_so(house, backup):
    epoch = current_epoch()
    answer = house.call("restore", backup, "--replace", "--json")
    assert current_epoch() != epoch
    assert answer.facts["epoch"] == str(current_epoch())
    event = models.Event.objects.filter(type="ledger.epoch.begun").latest("seq")
    assert event.payload["epoch"] == str(current_epoch())
    assert event.payload["reason"].startswith("restored the backup of 2")
    assert (event.actor_kind, event.via) == ("system", "command:restore")


def test_a_restore_that_is_refused_begins_no_epoch(house, backup):
    epoch = current_epoch()
    assert house.call("restore", backup).code == 1
    assert house.call("restore", backup, "--replace", "--dry-run").code == 0
    assert current_epoch() == epoch


def test_what_comes_back_can_be_lived_in(house, backup):
    """Sequences, triggers and constraints came along."""
    wipe(house.database)
    assert house.call("restore", backup).code == 0
    events = models.Event.objects.count()
    house.live()
    assert models.Event.objects.count() == events + 4


def test_a_database_that_is_not_empty_is_refused(house, backup):
    house.live()
    before = house.contents()
    answer = house.call("restore", backup, "--json")
    assert answer.code == 1
    assert answer.facts["error"]["code"] == "database_not_empty"
    assert_unchanged(house, before)


def test_replace_puts_the_backup_in_the_place_of_what_is_there(house, backup):
    before = house.contents_besides_the_epoch()
    house.live()
    answer = house.call("restore", backup, "--replace", "--json")
    assert answer.facts["replaced"] is True
    assert house.contents_besides_the_epoch() == before


def test_dry_run_verifies_everything_and_changes_nothing(house, backup):
    house.live()
    before = house.contents()
    with psycopg.connect(house.database):  # also while Lattice runs
        answer = house.call("restore", backup, "--replace", "--dry-run", "--json")
    assert answer.code == 0
    assert answer.facts["dry_run"] is True
    assert_unchanged(house, before)


def test_it_is_refused_while_somebody_is_connected(house, backup):
    before = house.contents()
    with psycopg.connect(house.database, application_name="lattice worker"):
        answer = house.call("restore", backup, "--replace", "--json")
        assert answer.facts["error"]["code"] == "database_in_use"
        assert "lattice worker" in answer.facts["error"]["message"]
    assert_unchanged(house, before)


def test_it_is_refused_while_lattice_runs_here(house, backup):
    before = house.contents()
    run_dir = house.data_dir / "run"
    run_dir.mkdir()
    with taken_seat(run_dir, "http://127.0.0.1:1"):
        assert house.call("restore", backup, "--replace").code == 1
    assert_unchanged(house, before)


def test_somebody_who_connects_at_the_last_moment_keeps_the_old_database(
    house, backup, monkeypatch
):
    write_checkpoint()
    before, written = house.contents(), house.checkpoint_lines()
    latecomers = []

    def and_meanwhile(*arguments):
        compare(*arguments)
        latecomers.append(psycopg.connect(house.database))

    monkeypatch.setattr(restoring, "compare", and_meanwhile)
    answer = house.call("restore", backup, "--replace", "--json")
    for latecomer in latecomers:
        latecomer.close()
    assert answer.facts["error"]["code"] == "database_in_use"
    assert house.checkpoint_lines() == written
    assert_unchanged(house, before)


# --- what is not a whole backup does not come near the database


def test_flipped_bytes_are_noticed(house, backup):
    before = house.contents()
    intact = backup.read_bytes()
    chance = random.Random(17)
    for position in chance.sample(range(len(intact)), 25):
        flipped = bytearray(intact)
        flipped[position] ^= 1 << chance.randrange(8)
        backup.write_bytes(flipped)
        answer = house.call("restore", backup, "--replace", "--json")
        assert (answer.code, answer.facts["error"]["code"]) in {(1, "damaged"), (1, "wrong_key")}
    assert_unchanged(house, before)


def test_a_truncated_file_is_noticed(house, backup):
    before = house.contents()
    intact = backup.read_bytes()
    for length in (0, 10, 500, len(intact) // 2, len(intact) - 1):
        backup.write_bytes(intact[:length])
        answer = house.call("restore", backup, "--replace", "--json")
        assert (answer.code, answer.facts["error"]["code"]) == (1, "damaged")
    assert_unchanged(house, before)


def test_another_key_is_refused(house, backup, settings):
    before = house.contents()
    settings.BACKUP_KEY = "another key that is long enough"
    answer = house.call("restore", backup, "--replace", "--json")
    assert (answer.code, answer.facts["error"]["code"]) == (1, "wrong_key")
    assert_unchanged(house, before)


def test_a_missing_file_is_a_matter_of_usage(house, tmp_path):
    assert house.call("restore", tmp_path / "nowhere").code == 2


def test_rows_that_do_not_arrive_as_they_were_are_noticed(house, backup, monkeypatch):
    house.live()
    before = house.contents()
    load = dumps.load

    def and_somebody_meddles(conninfo, program):
        with psycopg.connect(conninfo) as other:
            other.execute("CREATE TABLE planted (id int)")
        return load(conninfo, program)

    monkeypatch.setattr(dumps, "load", and_somebody_meddles)
    answer = house.call("restore", backup, "--replace", "--json")
    assert answer.facts["error"]["code"] == "copy_differs"
    assert "public.planted" in answer.facts["error"]["message"]
    assert_unchanged(house, before)


def test_what_postgresql_refuses_is_told_in_its_words(house, backup, monkeypatch):
    before = house.contents()
    load = dumps.load

    def into_a_database_in_the_way(conninfo, program):
        with psycopg.connect(conninfo) as other:
            other.execute("CREATE TABLE accounts_user (id int)")
        return load(conninfo, program)

    monkeypatch.setattr(dumps, "load", into_a_database_in_the_way)
    answer = house.call("restore", backup, "--replace", "--json")
    assert answer.facts["error"]["code"] == "dump_failed"
    assert 'relation "accounts_user" already exists' in answer.facts["error"]["message"]
    assert_unchanged(house, before)


def test_a_killed_restore_leaves_the_old_database_usable(house, tmp_path):
    fill(house.database, megabytes=24)
    backup = tmp_path / "house.backup"
    house.call("backup", backup)
    house.live()
    before = house.contents()
    elsewhere = make_conninfo(house.database, dbname="postgres")
    with psycopg.connect(elsewhere, autocommit=True) as onlooker:

        def bytes_restored() -> int:
            size = "SELECT pg_database_size(datname) FROM pg_database WHERE datname = %s"
            return sum(n for (n,) in onlooker.execute(size, [f"{house.name}_restoring"]))

        with house.spawn("restore", backup, "--replace") as process:
            eventually(lambda: process.poll() is not None or bytes_restored() > 16 << 20)
            process.kill()
            process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert house.contents() == before
    assert User.objects.count() == 2

    eventually(lambda: house.call("restore", backup, "--replace").code == 0)
    assert databases_beside(house.database) == []


# --- older and newer


def test_a_backup_from_a_newer_lattice_is_refused(house, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) "
            "VALUES ('accounts', '0999_from_the_future', now())"
        )
    backup = tmp_path / "newer.backup"
    house.call("backup", backup)
    before = house.contents()
    answer = house.call("restore", backup, "--replace", "--json")
    assert answer.facts["error"]["code"] == "backup_is_newer"
    assert "accounts.0999_from_the_future" in answer.facts["error"]["message"]
    assert_unchanged(house, before)


# --- where nobody may create databases


@pytest.fixture
def modest(house) -> Iterator[str]:
    """A role that owns one database and may create none, as hosters give."""
    name = f"modest_{uuid4().hex[:12]}"
    elsewhere = make_conninfo(house.database, dbname="postgres")
    own = make_conninfo(house.database, dbname=name)
    with psycopg.connect(elsewhere, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {name} LOGIN")
        admin.execute(f"CREATE DATABASE {name} OWNER {name}")
        with psycopg.connect(own) as connection:
            connection.execute("CREATE EXTENSION vector; CREATE EXTENSION pg_trgm")
        yield make_conninfo(own, user=name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.execute(f"DROP ROLE {name}")


def test_a_role_that_may_not_create_databases_restores_into_an_empty_one(house, backup, modest):
    before = house.contents()
    with house.spawn("restore", backup, "--json", DATABASE_URL=modest) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["rows"] == sum(table.rows for table in before.values())
    with dumps.snapshot(modest) as moment:
        found = moment.contents()
    assert found["public.ledger_epoch"].rows == before["public.ledger_epoch"].rows + 1
    assert found["public.accounts_user"] == before["public.accounts_user"]


def test_a_role_that_may_not_create_databases_cannot_replace_one(house, backup, modest):
    with psycopg.connect(modest) as connection:
        connection.execute("CREATE TABLE somebodys (id int)")
    with house.spawn("restore", backup, "--replace", DATABASE_URL=modest) as process:
        err = process.communicate()[1]
    assert process.returncode == 1
    assert "set DATABASE_URL to an empty database" in err
    with dumps.snapshot(modest) as moment:
        assert list(moment.contents()) == ["public.somebodys"]
