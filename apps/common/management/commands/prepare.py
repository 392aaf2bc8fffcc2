"""`manage.py prepare`: bring the database to where this version serves it."""

from typing import Any

from apps.common.commands import LatticeCommand, Report
from apps.common.runtime.startup import foresee_people, prepare_database, unapplied_migrations


class Command(LatticeCommand):
    help = (
        "Migrate, and make the first owner (LATTICE_INIT_*) or the demo where they are asked for."
    )
    writes = True

    def run(self, *, dry_run: bool, **_: Any) -> Report:
        waiting = unapplied_migrations()
        facts = {"migrations": waiting}
        if dry_run:
            foreseen = foresee_people(migrated=not waiting)
            lines = [f"{len(waiting)} migrations would be applied.", *foreseen.values()]
            return Report("\n".join(lines), {**facts, **foreseen})
        prepare_database()
        return Report(f"The database is ready; {len(waiting)} migrations were applied.", facts)
