"""A PostgreSQL of a test's own, migrated, to be hurt."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from apps.common.runtime import addresses
from apps.common.runtime.services import Services
from tests import migrated
from tests.databases import point_at

KEEPS_ITS_WORD = ("fsync=off", "full_page_writes=off")
"""Whatever is committed outlives its processes, though not the machine."""


class OwnPostgres:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        migrated.lay_out(folder)
        self.folder = folder
        self.url = addresses.database_url(folder)
        self.socket = addresses.socket_dir(folder) / ".s.PGSQL.5432"
        self.services = Services(folder, KEEPS_ITS_WORD, redis=False)

    def kill(self) -> None:
        """Its backends end when they notice."""
        [postgres] = self.services.wanted
        process = postgres.process()
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)

    def start(self) -> None:
        """Until it answers."""
        assert self.services.revive() == ["postgres"]


@pytest.fixture
def own_postgres(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[OwnPostgres]:
    """What this process reads and writes, too, for as long as the test runs."""
    own = OwnPostgres(tmp_path_factory.mktemp("own") / "var")
    settings = connections["default"].settings_dict
    before = {name: settings[name] for name in ("HOST", "NAME")}
    with django_db_blocker.unblock(), own.services.running():
        settings["HOST"] = str(addresses.socket_dir(own.folder))
        point_at("lattice")
        yield own
        settings["HOST"] = before["HOST"]
        point_at(before["NAME"])
