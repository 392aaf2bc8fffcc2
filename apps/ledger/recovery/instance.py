"""The instance as it stands: its database, its secrets, and whether anybody is at work in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from apps.common.runtime import dumps
from apps.common.runtime.dumps import TableContent
from apps.common.runtime.errors import CopyDiffers, DatabaseInUse
from apps.common.runtime.seat import supervisor_of


def database_in_use() -> str:
    """The address Django's default connection has, as the PostgreSQL tools read it."""
    known = connections["default"].settings_dict
    options = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    extra = {name: value for name, value in known["OPTIONS"].items() if name in options}
    return make_conninfo(
        "",
        dbname=known["NAME"],
        user=known["USER"] or None,
        password=known["PASSWORD"] or None,
        host=known["HOST"] or None,
        port=known["PORT"] or None,
        **extra,
    )


def name_of(database: str) -> str:
    return str(conninfo_to_dict(database)["dbname"])


def refuse_while_in_use(database: str) -> None:
    disconnect()
    if supervising := supervisor_of(settings.DATA_DIR / "run"):
        raise DatabaseInUse(
            f"Lattice runs here (pid {supervising.pid}): stop it first (`make stop`)."
        )
    if clients := dumps.other_clients(database):
        raise DatabaseInUse(
            f"{len(clients)} connections to {name_of(database)} are open ({', '.join(clients)}): "
            "stop Lattice first (`make stop`)."
        )


@contextmanager
def connected_to(database: str) -> Iterator[None]:
    """Django's default connection, elsewhere for a while."""
    known = connections["default"].settings_dict
    before = known["NAME"]
    disconnect()
    known["NAME"] = name_of(database)
    try:
        yield
    finally:
        disconnect()
        known["NAME"] = before


def disconnect() -> None:
    connection = connections["default"]
    if isinstance(connection, DatabaseWrapper):
        connection.close()
        connection.close_pool()


def compare(expected: dict[str, TableContent], copy: str) -> None:
    with dumps.snapshot(copy) as moment:
        found = moment.contents()
    different = sorted(
        name for name in expected.keys() | found if expected.get(name) != found.get(name)
    )
    if different:
        raise CopyDiffers(f"These tables did not arrive as they were: {', '.join(different)}.")


def secrets_file() -> Path:
    path: Path = settings.DATA_DIR / "secrets.json"
    return path


def secrets_from_the_environment() -> list[str]:
    """Those that no backup holds: whoever gave them has to keep them."""
    path = secrets_file()
    generated = json.loads(path.read_text()) if path.exists() else {}
    given = []
    if generated.get("master_key") not in settings.MASTER_KEYS:
        given.append("LATTICE_MASTER_KEYS")
    if generated.get("checkpoint_key") != settings.CHECKPOINT_KEY:
        given.append("LATTICE_CHECKPOINT_KEY")
    return given
