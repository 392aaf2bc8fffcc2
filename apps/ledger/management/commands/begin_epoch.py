"""`manage.py begin_epoch`: the operator's word that history does not simply go on."""

from typing import Any

from django.core.management.base import CommandParser

from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Report
from apps.ledger.selectors import current_epoch
from apps.ledger.services import begin_epoch


class Command(LatticeCommand):
    help = (
        "Begin a new epoch after the database was put back, or checkpoints were lost: clients "
        "reload, and verification no longer expects what is gone. `restore` does it by itself."
    )
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reason", required=True, help="Recorded, and shown to auditors.")

    def run(self, *, reason: str, dry_run: bool, **_: Any) -> Report:
        if dry_run:
            ending = current_epoch()
            return Report(f"The epoch {ending} would end, and another begin.", {"ends": ending})
        epoch = begin_epoch(reason=reason, actor=SYSTEM)
        return Report(f"The epoch {epoch.id} has begun.", {"epoch": epoch.id})
