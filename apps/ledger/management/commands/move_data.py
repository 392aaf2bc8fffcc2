"""`manage.py move_data --to URL`: from the embedded PostgreSQL to one of your own."""

from typing import Any

from django.core.management.base import CommandParser
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from apps.common.commands import LatticeCommand, Report, UsageError
from apps.ledger.recovery.moving import move


class Command(LatticeCommand):
    help = "Copy the whole database to another, empty one. The source stays as it is."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--to",
            required=True,
            metavar="URL",
            help="postgresql://user@host/database. The password may be in PGPASSWORD instead.",
        )

    def run(self, *, to: str, dry_run: bool, **_: Any) -> Report:
        try:
            named = conninfo_to_dict(to).get("dbname")
        except ProgrammingError as error:
            raise UsageError(f"--to is not an address of a database: {error}") from error
        if not named:
            raise UsageError("--to names no database: postgresql://user@host/database.")
        with self.progress("Copying") as advance:
            moved = move(to, dry_run=dry_run, advance=advance)
        facts = {
            "dry_run": dry_run,
            "tables": {name: table.rows for name, table in moved.tables.items()},
            "rows": moved.rows,
        }
        what = f"{moved.rows} rows of {len(moved.tables)} tables"
        if dry_run:
            return Report(f"The target is fit. Would copy {what}.", facts)
        return Report(
            f"Copied {what}; each table's rows are the same in both. Put in the environment:\n"
            f"  DATABASE_URL={to}\n"
            "  REDIS_URL=redis://HOST:6379/0\n"
            "Without the second the embedded Redis stays in use. It needs no moving: it only "
            "wakes, and holds nothing that has to last.",
            facts,
        )
