"""What `make run` starts beside the rest is what the settings ask for: a demo, a folder of specs.
And who asks may be anybody.

PORT and LATTICE_DATA_DIR are those of the house.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from apps.common.runtime import addresses
from apps.common.runtime.postgres import UNPRIVILEGED
from apps.common.runtime.procfs import PROC, processes
from apps.common.runtime.services import Services
from config.env import ROOT
from tests import migrated
from tests.runtime.house import House
from tests.waiting import eventually

ALWAYS = {"web", "worker", "beat", "relay"}
OWNER = "ada@orchard.example"


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path / "var")
    Services(house.data_dir).prepare()
    migrated.lay_out(house.data_dir)
    yield house
    house.down()


def rows(house, statement):
    with psycopg.connect(addresses.database_url(house.data_dir)) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.long
@pytest.mark.timeout(600)
def test_without_the_demo_there_is_none_and_a_folder_that_is_named_is_kept(house, tmp_path):
    folder = tmp_path / "specs"
    folder.mkdir()
    asked = {
        "DEMO": "0",
        "DEMO_AGENT": "1",
        "LATTICE_INIT_EMAIL": OWNER,
        "LATTICE_INIT_PASSWORD": "an orchard of one's own",
        "SPEC_SYNC_DIR": str(folder),
    }
    running = house.up(**asked)
    assert set(house.children()) == {*ALWAYS, "mirror"}
    assert set(running.facts()) == {"url"}
    assert rows(house, "SELECT email FROM accounts_user") == [(OWNER,)]
    kept = "SELECT folder FROM mirror_mirror"
    eventually(lambda: rows(house, kept) == [(str(folder),)], within=240, what="the folder is kept")

    assert running.end() == 0
    house.up(**asked, SPEC_SYNC_ENABLED="0")
    assert set(house.children()) == ALWAYS


def test_a_folder_of_which_nobody_would_propose_anything_starts_nothing(house, tmp_path):
    asked = {"DEMO": "0", "SPEC_SYNC_DIR": str(tmp_path)}
    refused = house.manage("up", **asked)
    assert refused.returncode == 2
    assert "nothing says who proposes" in refused.stderr
    assert "Set SPEC_SYNC_AS" in refused.stderr
    assert "Set SPEC_SYNC_AS" in house.manage("doctor", **asked).stdout


def may_start(**who):
    asked = [sys.executable, "-c", "import django, config.env"]
    try:
        return not subprocess.run(asked, cwd=ROOT, check=False, **who).returncode
    except PermissionError:
        return False


def owners(pids):
    for pid in pids:
        with suppress(FileNotFoundError):  # it has ended
            yield (PROC / str(pid)).stat().st_uid


@pytest.mark.long
@pytest.mark.timeout(600)
def test_an_ordinary_user_needs_nobody_else():
    """Where it is root who tests, as in CI, there is none but here."""
    who = {}
    if os.geteuid() == 0:
        user, group = UNPRIVILEGED
        who = {"user": user, "group": group, "extra_groups": []}
    if not may_start(**who):
        pytest.skip("The checkout, or its Python, is in a folder that only its owner may enter.")
    with tempfile.TemporaryDirectory() as home:
        if who:
            shutil.chown(home, user, group)
        house = House(Path(home) / "var", **who)
        try:
            running = house.up(DEMO="0", HOME=home)
            assert house.answers("/readyz")
            told = f"LATTICE_DATA_DIR={house.data_dir}"
            theirs = [each.pid for each in processes() if each.has_environment(told)]
            assert {running.process.pid, *house.children().values()} < {*theirs}
            assert {*owners(theirs)} == {Path(home).stat().st_uid}
            assert running.end() == 0
        finally:
            house.down()
