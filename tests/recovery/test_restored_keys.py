"""What comes back with the rows: secrets, and the checkpoints that prove them."""

import json
import shutil
import stat
from secrets import token_urlsafe
from uuid import uuid4

import psycopg
import pytest

from apps.ledger import checkpoints
from apps.ledger.rules import BEGINNING
from apps.ledger.services import write_checkpoint
from apps.ledger.verification import verify
from tests.recovery.houses import SECRETS, assert_unchanged, wipe

pytestmark = pytest.mark.row(17)


def test_secrets_come_back_where_there_are_none(house, backup):
    wipe(house.database)
    house.secrets.unlink()
    assert house.call("restore", backup, "--json").facts["secrets"] == "restored"
    assert json.loads(house.secrets.read_text()) == SECRETS
    assert stat.S_IMODE(house.secrets.stat().st_mode) == 0o600


def test_other_secrets_are_never_overwritten_unasked(house, backup):
    others = json.dumps(SECRETS | {"master_key": "another"})
    house.secrets.write_text(others)
    before = house.contents()
    answer = house.call("restore", backup, "--replace", "--json")
    assert answer.facts["error"]["code"] == "secrets_differ"
    assert house.secrets.read_text() == others
    assert_unchanged(house, before)


def test_other_secrets_stay_when_told_so(house, backup):
    others = json.dumps(SECRETS | {"master_key": "another"})
    house.secrets.write_text(others)
    answer = house.call("restore", backup, "--replace", "--secrets", "keep", "--json")
    assert answer.facts["secrets"] == "kept"
    assert house.secrets.read_text() == others


def test_other_secrets_give_way_when_told_so_and_are_kept_beside(house, backup):
    others = json.dumps(SECRETS | {"master_key": "another"})
    house.secrets.write_text(others)
    answer = house.call("restore", backup, "--replace", "--secrets", "restore", "--json")
    assert answer.facts["secrets"] == "restored"
    assert json.loads(house.secrets.read_text()) == SECRETS
    (kept,) = house.data_dir.glob("secrets.json.before-*")
    assert kept.read_text() == others


def test_secrets_made_for_an_empty_embedded_database_give_way_unasked(house, backup, settings):
    """A fresh machine has made its own by the time it can restore: they guard nothing."""
    settings.EMBEDDED_POSTGRES = True
    wipe(house.database)
    house.secrets.write_text(json.dumps(SECRETS | {"master_key": "made a second ago"}))
    assert house.call("restore", backup, "--json").facts["secrets"] == "restored"
    assert json.loads(house.secrets.read_text()) == SECRETS


def test_checkpoints_come_back_with_the_rows_and_the_audit_verifies(house, tmp_path):
    write_checkpoint()
    backup = tmp_path / "house.backup"
    house.call("backup", backup)
    written = house.checkpoint_lines()
    wipe(house.database)
    shutil.rmtree(house.checkpoints)

    answer = house.call("restore", backup, "--json")

    assert (answer.code, answer.facts["audit"]["ok"]) == (0, True)
    assert house.checkpoint_lines()[:-1] == written
    assert answer.facts["audit"]["checkpoints"] == len(written) + 1
    house.live()
    assert write_checkpoint() is not None
    assert verify().is_sound


def test_checkpoints_outside_that_know_more_stay_and_what_was_given_up_is_told(house, backup):
    house.live()
    write_checkpoint()
    written = house.checkpoint_lines()

    answer = house.call("restore", backup, "--replace", "--json")

    assert (answer.code, answer.facts["audit"]["ok"]) == (0, True)
    assert answer.facts["audit"]["given_up"] == 4
    assert house.checkpoint_lines()[:-1] == written
    assert verify().is_sound


def test_checkpoints_of_another_history_are_put_aside(house, tmp_path):
    """A fresh machine that had been started before somebody restored."""
    write_checkpoint()
    backup = tmp_path / "house.backup"
    house.call("backup", backup)
    written = house.checkpoint_lines()
    shutil.rmtree(house.checkpoints)
    foreign = checkpoints.next_checkpoint(
        after=checkpoints.Testimony({}),
        number=1,
        previous=BEGINNING,
        epoch=uuid4(),
        moved={},
        whole=True,
        keys=checkpoints.Keys.of(token_urlsafe(32)),
    )
    checkpoints.CheckpointLog(house.checkpoints).append(foreign)

    answer = house.call("restore", backup, "--replace", "--json")

    assert (answer.code, answer.facts["audit"]["ok"]) == (0, True)
    assert house.checkpoint_lines()[:-1] == written
    (aside,) = house.checkpoints.glob("before-*/*")
    assert aside.read_bytes() == foreign.line()


def test_the_new_epoch_is_signed_with_the_key_that_comes_back(house, tmp_path, settings):
    write_checkpoint()
    backup = tmp_path / "house.backup"
    house.call("backup", backup)
    others = SECRETS | {"checkpoint_key": token_urlsafe(32)}
    house.secrets.write_text(json.dumps(others))
    settings.CHECKPOINT_KEY = others["checkpoint_key"]

    answer = house.call("restore", backup, "--replace", "--secrets", "restore", "--json")

    assert (answer.code, answer.facts["audit"]["ok"]) == (0, True)
    assert others["checkpoint_key"] == settings.CHECKPOINT_KEY
    settings.CHECKPOINT_KEY = SECRETS["checkpoint_key"]  # as the next process reads it
    assert verify().is_sound


def test_an_audit_that_does_not_verify_comes_back_and_is_told(house, tmp_path):
    with psycopg.connect(house.database) as superuser:
        superuser.execute("ALTER TABLE ledger_event DISABLE TRIGGER USER")
        superuser.execute("UPDATE ledger_event SET payload = '{}' WHERE type = 'tests.lamp.lit'")
        superuser.execute("ALTER TABLE ledger_event ENABLE ALWAYS TRIGGER ledger_event_append_only")
    backup = tmp_path / "house.backup"
    house.call("backup", backup)

    answer = house.call("restore", backup, "--replace", "--json")

    assert answer.code == 3
    assert answer.facts["audit"]["ok"] is False
    assert {found["kind"] for found in answer.facts["audit"]["findings"]} == {"altered"}
    assert house.call("restore", backup, "--replace").code == 3
