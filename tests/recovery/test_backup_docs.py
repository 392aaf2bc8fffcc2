"""docs/backup.md, done to the letter on an embedded instance: every command in it works."""

import os
import subprocess

import pytest

from apps.common.runtime import addresses, dumps
from apps.common.runtime.services import Services
from config.env import ROOT
from tests import migrated
from tests.pages import shell_blocks


def contents(database):
    with dumps.snapshot(database) as moment:
        return moment.contents()


def test_nothing_runs_while_its_packages_change():
    upgrading = (ROOT / "docs" / "backup.md").read_text().partition("## Upgrading")[2]
    assert upgrading.index("make stop") < upgrading.index("git pull") < upgrading.index("make run")


@pytest.mark.long
def test_the_commands_of_the_page_work_in_their_order(tmp_path):
    var, own = tmp_path / "var", tmp_path / "own"
    environment = {
        name: value for name, value in os.environ.items() if not name.endswith(("_URL", "_KEY"))
    } | {"HOME": str(tmp_path), "LATTICE_DATA_DIR": str(var), "TARGET": addresses.database_url(own)}

    def run(script):
        script = script.replace("/mnt/backups", str(tmp_path)).replace(" var/", f" {var}/")
        return subprocess.run(
            ["bash", "-euc", script], cwd=ROOT, env=environment, check=True, capture_output=True
        )

    make_key, back_up, examine, restore, move, upgrade = shell_blocks("backup.md")
    run(make_key)
    assert (tmp_path / "lattice-backup.key").stat().st_mode & 0o777 == 0o600
    Services(var).prepare()
    migrated.lay_out(var)
    with Services(var).running(), Services(own, redis=False).running():
        house = contents(addresses.database_url(var))
        run(back_up)
        run(examine)
        assert contents(addresses.database_url(var)) == house
        run(restore)
        run(move)
        assert contents(addresses.database_url(own)) == contents(addresses.database_url(var))
    run(upgrade)
    with Services(var).running():
        restored = contents(addresses.database_url(var))
    assert restored["public.django_migrations"] == house["public.django_migrations"]
