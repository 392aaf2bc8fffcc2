"""`manage.py write_checkpoint`: right now, in place of within a minute."""

from typing import Any

from apps.common.commands import LatticeCommand, Report
from apps.ledger.services import write_checkpoint


class Command(LatticeCommand):
    help = "Sign where every chain stands, as is done every minute."
    writes = True

    def run(self, *, dry_run: bool, **_: Any) -> Report:
        checkpoint = write_checkpoint(dry_run=dry_run)
        if checkpoint is None:
            return Report("Nothing moved since the last checkpoint.", {"checkpoint": None})
        covers = "would cover" if dry_run else "covers"
        return Report(
            f"Checkpoint {checkpoint.number} {covers} {checkpoint.chains} chains.",
            {"checkpoint": {"number": checkpoint.number, "at": checkpoint.at}},
        )
