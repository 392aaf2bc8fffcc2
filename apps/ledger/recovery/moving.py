"""From one PostgreSQL to another: everything is copied, the source stays as it is."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from apps.common.runtime import dumps
from apps.common.runtime.backups import Advance
from apps.common.runtime.dumps import TableContent, client_program
from apps.common.runtime.errors import DatabaseNotEmpty, TargetUnfit
from apps.common.runtime.postgres import program_major
from apps.ledger.recovery.instance import (
    compare,
    database_in_use,
    name_of,
    refuse_while_in_use,
)


@dataclass(frozen=True, kw_only=True)
class Moved:
    tables: dict[str, TableContent]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def move(target: str, *, dry_run: bool = False, advance: Advance = lambda: None) -> Moved:
    """Copies everything. The source stays as it is, and in use until somebody says otherwise."""
    source = database_in_use()
    refuse_while_in_use(source)
    with dumps.snapshot(source) as moment:
        _refuse_unfit(target, moment)
        tables = moment.contents(advance)
        if not dry_run:
            reader = program_major(client_program("pg_dump", moment.server_major))
            with (
                dumps.load(target, client_program("pg_restore", reader)) as sink,
                dumps.dump(moment) as stream,
            ):
                for block in iter(lambda: stream.read(dumps.BLOCK), b""):
                    sink.write(block)
                    advance()
            compare(tables, target)
    return Moved(tables=tables)


def _refuse_unfit(target: str, moment: dumps.Snapshot) -> None:
    with dumps.connect(target) as connection:
        major = connection.info.server_version // 10_000
        if major < moment.server_major:
            raise TargetUnfit(
                f"The target is PostgreSQL {major}; the data comes from {moment.server_major}. "
                f"It takes {moment.server_major} or newer."
            )
        for (extension,) in moment.connection.execute(
            "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
        ):
            _try_extension(connection, extension)
    if not dumps.is_empty(target):
        raise DatabaseNotEmpty(f"The target, {name_of(target)}, is not empty.")


def _try_extension(connection: psycopg.Connection, extension: str) -> None:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
            )
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile) as error:
        raise TargetUnfit(f"The target's server lacks the extension {extension}.") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise TargetUnfit(
            f"This role may not create the extension {extension}: have an administrator run "
            f"`CREATE EXTENSION {extension}` in the target."
        ) from error
