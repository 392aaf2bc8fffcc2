"""`manage.py backup`: everything it takes to come back, in one encrypted file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from apps.common.commands import Report
from apps.ledger.management.sealing import SealingCommand
from apps.ledger.recovery.backing_up import back_up
from apps.ledger.recovery.instance import secrets_from_the_environment


class Command(SealingCommand):
    help = "Back up the database, the audit's checkpoints and the generated secrets, encrypted."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "file",
            type=Path,
            nargs="?",
            help="Where to. Without it: a new file in `backups` of the data folder.",
        )
        parser.add_argument(
            "--without-secrets",
            action="store_true",
            help="Leave secrets.json out. Without it, encrypted texts do not come back.",
        )

    def run(
        self,
        *,
        file: Path | None,
        key_file: Path | None,
        without_secrets: bool,
        dry_run: bool,
        **_: Any,
    ) -> Report:
        now = datetime.now(UTC)
        target = file or settings.DATA_DIR / f"backups/lattice-{now:%Y%m%dT%H%M%SZ}.backup"
        secret = self.key(key_file)
        try:
            with self.progress("Backing up") as advance:
                manifest = back_up(
                    target.absolute(),
                    secret=secret,
                    with_secrets=not without_secrets,
                    dry_run=dry_run,
                    advance=advance,
                )
        except OSError as error:  # a full disk, a folder that is not ours
            raise CommandError(str(error)) from error
        elsewhere = secrets_from_the_environment()
        facts = {
            "file": str(target),
            "dry_run": dry_run,
            "created_at": manifest.created_at,
            "tables": len(manifest.tables),
            "rows": manifest.rows,
            "not_included": elsewhere,
        }
        what = f"{manifest.rows} rows of {len(manifest.tables)} tables to {target}"
        text = f"Would back up {what}." if dry_run else f"Backed up {what}, and read it back."
        if elsewhere:
            text += f"\nNot in it, because your environment gives them: {', '.join(elsewhere)}."
        return Report(text, facts)
