"""`manage.py prepare`: bring the database to where this version serves it."""

from typing import Any

from apps.common.commands import LatticeCommand, Report
from apps.common.runtime.startup import prepare_database, unapplied_migrations


class Command(LatticeCommand):
    help = (
        "Migrate, and make the first owner (LATTICE_INIT_*) or the demo where they are asked for."
    )
    writes = True

    def run(self, *, dry_run: bool, **_: Any) -> Report:
        waiting = unapplied_migrations()
        facts = {"migrations": waiting}
        if dry_run:
            return Report(f"{len(waiting)} migrations would be applied.", facts)
        prepare_database()
        return Report(f"The database is ready; {len(waiting)} migrations were applied.", facts)
