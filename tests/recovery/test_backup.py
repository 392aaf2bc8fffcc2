"""`manage.py backup` writes one whole, private, encrypted file, or none."""

import json
import os
import signal
import stat
import tarfile
from pathlib import Path

from django.db import connection

from apps.accounts.models import User
from apps.common.runtime import backups
from apps.common.runtime.sealed import Unsealer
from tests.recovery.houses import KEY, fill
from tests.waiting import eventually


def members(backup: Path) -> dict[str, bytes]:
    with (
        backup.open("rb") as file,
        tarfile.open(fileobj=Unsealer(file, KEY), mode="r|") as tar,
    ):
        return {
            member.name: content.read() for member in tar if (content := tar.extractfile(member))
        }


def test_a_backup_holds_the_database_the_secrets_and_the_checkpoints(house, tmp_path):
    house.checkpoints.mkdir()
    (house.checkpoints / "2026-11-21.jsonl").write_text("signed\n")

    answer = house.call("backup", tmp_path / "house.backup", "--json")

    assert answer.code == 0
    assert answer.facts["tables"] == len(house.contents())
    found = members(tmp_path / "house.backup")
    assert json.loads(found["secrets.json"]) == json.loads(house.secrets.read_text())
    assert found["checkpoints/2026-11-21.jsonl"] == b"signed\n"
    assert found["dump/000000"].startswith(b"PGDMP")
    manifest = json.loads(found["manifest.json"])
    assert manifest["tables"]["public.accounts_user"]["rows"] == User.objects.count()


def test_a_backup_is_readable_by_its_owner_alone(backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_nothing_in_a_backup_is_readable_without_the_key(house, backup):
    content = backup.read_bytes()
    assert User.objects.get(name="Ada Ängström").email.encode() not in content
    assert b"master" not in content
    with backup.open("rb") as file:
        assert Unsealer(file, KEY).label["product"]


def test_secrets_can_be_left_out(house, tmp_path):
    house.call("backup", tmp_path / "house.backup", "--without-secrets")
    assert "secrets.json" not in members(tmp_path / "house.backup")


def test_secrets_that_the_environment_gives_are_named_because_no_backup_holds_them(
    house, tmp_path, settings
):
    settings.MASTER_KEYS = ["given by the operator"]
    answer = house.call("backup", tmp_path / "house.backup", "--json")
    assert answer.facts["not_included"] == ["LATTICE_MASTER_KEYS"]


def test_without_a_name_it_goes_to_the_data_folder(house):
    answer = house.call("backup", "--json")
    assert Path(answer.facts["file"]).parent == house.data_dir / "backups"
    assert Path(answer.facts["file"]).exists()


def test_an_existing_file_is_never_replaced(house, tmp_path):
    file = tmp_path / "house.backup"
    file.write_text("somebody's")
    assert house.call("backup", file).code == 1
    assert file.read_text() == "somebody's"
    assert list(tmp_path.glob(".*")) == []


def test_a_place_that_cannot_be_written_is_a_failure_with_its_name(house, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    answer = house.call("backup", tmp_path / "file" / "house.backup")
    assert answer.code == 1
    assert str(tmp_path / "file") in answer.text


def test_dry_run_counts_and_writes_nothing(house, tmp_path):
    answer = house.call("backup", tmp_path / "new" / "house.backup", "--dry-run", "--json")
    assert answer.code == 0
    assert answer.facts["rows"] > 0
    assert not (tmp_path / "new").exists()


def test_a_missing_or_short_key_is_a_matter_of_usage(house, tmp_path, settings):
    file = tmp_path / "house.backup"
    assert house.call("backup", file, "--key-file", tmp_path / "nowhere").code == 2
    settings.BACKUP_KEY = "short"
    assert house.call("backup", file).code == 2
    settings.BACKUP_KEY = ""
    assert house.call("backup", file).code == 2
    assert not file.exists()


def test_the_key_may_stand_in_a_file(house, tmp_path, settings):
    settings.BACKUP_KEY = ""
    key_file = tmp_path / "key"
    key_file.write_text(f"{KEY}\n")
    assert house.call("backup", tmp_path / "house.backup", "--key-file", key_file).code == 0
    assert "manifest.json" in members(tmp_path / "house.backup")


def test_an_empty_database_is_nothing_to_back_up(house, tmp_path, empty_database):
    with house.spawn("backup", tmp_path / "house.backup", DATABASE_URL=empty_database) as process:
        said = process.communicate()[1]
    assert process.returncode == 1
    assert "nothing to back up" in said
    assert list(tmp_path.glob("*.backup*")) == []


def test_rows_that_are_written_meanwhile_are_all_in_it_or_all_not(house, tmp_path, monkeypatch):
    """The manifest and the dump see one moment, though minutes lie between them."""
    describe = backups.describe

    def and_meanwhile(*arguments):
        manifest = describe(*arguments)
        house.live()
        return manifest

    monkeypatch.setattr(backups, "describe", and_meanwhile)
    before = house.contents()
    file = tmp_path / "house.backup"
    assert house.call("backup", file).code == 0
    assert house.contents() != before
    assert house.call("restore", file, "--replace").code == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_event WHERE type = 'tests.lamp.lit'")
        assert cursor.fetchone() == (4,)


def test_a_killed_backup_leaves_nothing_under_the_name_and_the_next_one_sweeps_up(house, tmp_path):
    fill(house.database, megabytes=24)
    file = tmp_path / "house.backup"
    with house.spawn("backup", file) as process:
        eventually(lambda: any(draft.stat().st_size > 2 << 20 for draft in tmp_path.glob(".*")))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert not file.exists()
    assert len(list(tmp_path.glob(".*.unfinished"))) == 1

    assert house.call("backup", file).code == 0
    assert list(tmp_path.glob(".*")) == []


def test_a_backup_under_way_is_not_swept_up(house, tmp_path):
    with backups._appearing(tmp_path / "slow.backup") as (slow, _):
        assert house.call("backup", tmp_path / "quick.backup").code == 0
        slow.write(b"whole")
    assert (tmp_path / "slow.backup").read_bytes() == b"whole"
