"""`manage.py write_checkpoint`: right now, in place of within a minute."""

from typing import Any

from apps.common.commands import LatticeCommand, Report
from apps.ledger.services import write_checkpoint


class Command(LatticeCommand):
    help = "Sign where every chain stands, as is done every minute."

    def run(self, **_: Any) -> Report:
        checkpoint = write_checkpoint()
        if checkpoint is None:
            return Report("Nothing moved since the last checkpoint.", {"checkpoint": None})
        return Report(
            f"Checkpoint {checkpoint.number} covers {checkpoint.chains} chains.",
            {"checkpoint": {"number": checkpoint.number, "at": checkpoint.at}},
        )
