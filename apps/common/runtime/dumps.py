"""Whole databases: what is in them, copies of them, and one put in the place of another.

Copies are made by PostgreSQL's own pg_dump and pg_restore, and flow through pipes: no plain text
ever lies on a disk.
"""

import logging
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import BaseModel

from apps.common.runtime.errors import DatabaseUnreachable, DumpFailed, ServiceError
from apps.common.runtime.postgres import postgres_bin, program_major

log = logging.getLogger(__name__)

BLOCK = 1 << 20

TABLES = """
SELECT n.nspname, c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND c.relpersistence <> 't'
  AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
SAME_TEXT_EVERYWHERE = """
SET LOCAL statement_timeout = 0;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1
"""
CONTENT = """
SELECT count(*), coalesce(sum(('x' || md5((row_.*)::text))::bit(64)::bigint), 0)::text
FROM {} AS row_
"""


class TableContent(BaseModel):
    rows: int
    checksum: str
    """The same for the same rows in any order."""


@dataclass(frozen=True)
class Snapshot:
    """One moment of a database, for as long as the connection is held."""

    conninfo: str
    connection: psycopg.Connection
    id: str

    @property
    def server_major(self) -> int:
        return self.connection.info.server_version // 10_000

    def contents(self, advance: Callable[[], object] = lambda: None) -> dict[str, TableContent]:
        found = {}
        for schema, table in self.connection.execute(TABLES).fetchall():
            query = sql.SQL(CONTENT).format(sql.Identifier(schema, table))
            ((rows, checksum),) = self.connection.execute(query).fetchall()
            found[f"{schema}.{table}"] = TableContent(rows=rows, checksum=checksum)
            advance()
        return found


@contextmanager
def connect(conninfo: str, *, autocommit: bool = False) -> Iterator[psycopg.Connection]:
    try:
        connection = psycopg.connect(
            make_conninfo(conninfo, connect_timeout=10), autocommit=autocommit
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(f"The database cannot be reached: {error}") from error
    with connection:
        yield connection


@contextmanager
def snapshot(conninfo: str) -> Iterator[Snapshot]:
    with connect(conninfo) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        connection.execute(SAME_TEXT_EVERYWHERE)
        ((exported,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
        yield Snapshot(conninfo, connection, exported)


def is_empty(conninfo: str) -> bool:
    with connect(conninfo) as connection:
        return connection.execute(TABLES).fetchone() is None


def other_clients(conninfo: str, patience: float = 2.0) -> list[str]:
    """Who else is connected to this database, by name. Those who are just leaving get a moment."""
    deadline = time.monotonic() + patience
    with connect(conninfo, autocommit=True) as connection:
        while True:
            found = connection.execute(
                "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY 1"
            ).fetchall()
            if not found or time.monotonic() > deadline:
                return [name or "unnamed" for (name,) in found]
            time.sleep(0.05)


# --- dumps flow through pipes


@contextmanager
def dump(moment: Snapshot) -> Iterator[IO[bytes]]:
    """What pg_dump says of this moment, in its custom format."""
    program = client_program("pg_dump", moment.server_major)
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment.id}"]
    with _running(program, options, moment.conninfo, writes=True) as stream:
        yield stream


@contextmanager
def load(conninfo: str, program: Path) -> Iterator[IO[bytes]]:
    """Takes a dump into an empty database: all of it or, when anything fails, nothing."""
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    with _running(program, [*options, "--no-comments"], conninfo, writes=False) as stream:
        yield stream


@contextmanager
def rehearse(program: Path) -> Iterator[IO[bytes]]:
    """Takes a dump and reads all of it, into nothing."""
    with _running(program, ["--file=/dev/null"], None, writes=False) as stream:
        yield stream


def client_program(name: str, major: int) -> Path:
    """One of PostgreSQL's programs that understands a server (or a dump) of this version."""
    ours = postgres_bin() / name
    if program_major(ours) >= major:
        return ours
    installed = shutil.which(name)
    if installed and program_major(Path(installed)) >= major:
        log.warning("Using %s: PostgreSQL %s is newer than the embedded one.", installed, major)
        return Path(installed)
    raise ServiceError(
        f"PostgreSQL {major} is newer than the {name} that comes with Lattice "
        f"({program_major(ours)}): install postgresql-client-{major}."
    )


@contextmanager
def _running(
    program: Path, options: list[str], conninfo: str | None, *, writes: bool
) -> Iterator[IO[bytes]]:
    """The end of the pipe that is ours. When the block fails, so does the program."""
    environment = dict(os.environ, PGAPPNAME=f"lattice {program.name}")
    if conninfo is not None:
        parts = conninfo_to_dict(conninfo)
        password = parts.pop("password", None)  # never in a process list
        if password:
            environment["PGPASSWORD"] = str(password)
        options = [*options, f"--dbname={make_conninfo('', **parts)}"]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(  # noqa: S603
            [program, *options],
            stdin=subprocess.DEVNULL if writes else subprocess.PIPE,
            stdout=subprocess.PIPE if writes else subprocess.DEVNULL,
            stderr=complaints,
            env=environment,
        ) as process,
    ):
        pipe = cast("IO[bytes]", process.stdout if writes else process.stdin)
        gave_up = False
        try:
            yield pipe
        except BrokenPipeError:
            gave_up = True  # it says why on stderr
        except BaseException:
            process.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                pipe.close()
        if process.wait() != 0 or gave_up:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip()
            raise DumpFailed(said or f"{program.name} ended with {process.returncode}.")


# --- a database beside another


def may_swap(conninfo: str) -> bool:
    """Whether this role may create a database, and rename the one it is connected to."""
    with connect(conninfo) as connection:
        row = connection.execute(
            "SELECT r.rolsuper OR (r.rolcreatedb AND pg_has_role(d.datdba, 'USAGE')) "
            "FROM pg_roles r, pg_database d "
            "WHERE r.rolname = current_user AND d.datname = current_database()"
        ).fetchone()
    return bool(row and row[0])


def create_beside(conninfo: str) -> str:
    """A new database next to this one, under a name of its own. What an earlier attempt left
    behind is dropped first."""
    name = _name(conninfo)
    fresh = f"{name}_restoring"
    with _maintenance(conninfo) as admin:
        for leftover in (fresh, f"{name}_replaced"):
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(leftover)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
    return make_conninfo(conninfo, dbname=fresh)


def drop(conninfo: str) -> None:
    with _maintenance(conninfo) as admin:
        name = sql.Identifier(_name(conninfo))
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def swap_in(fresh: str, *, place_of: str) -> None:
    """Both names change in one transaction. Nobody may be connected to either."""
    name = _name(place_of)
    replaced = f"{name}_replaced"
    with _maintenance(place_of) as admin:
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        with admin.transaction():
            admin.execute(rename.format(sql.Identifier(name), sql.Identifier(replaced)))
            admin.execute(rename.format(sql.Identifier(_name(fresh)), sql.Identifier(name)))
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(replaced)))


def _name(conninfo: str) -> str:
    return str(conninfo_to_dict(conninfo)["dbname"])


@contextmanager
def _maintenance(conninfo: str) -> Iterator[psycopg.Connection]:
    elsewhere = make_conninfo(conninfo, dbname="postgres")
    with connect(elsewhere, autocommit=True) as connection:
        yield connection
