"""`manage.py restore FILE`: a backup comes back, whole or not at all."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.common.commands import Outcome, Report, UsageError
from apps.ledger.management.sealing import SealingCommand
from apps.ledger.recovery.restoring import Restored, SecretsChoice, restore


class Command(SealingCommand):
    help = "Restore a backup. The present database stays as it is until everything is verified."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="Put it in the place of what is there now."
        )
        parser.add_argument(
            "--secrets",
            choices=["restore", "keep"],
            help="When the backup's secrets differ from those here: take them, or stay.",
        )

    def run(
        self,
        *,
        file: Path,
        key_file: Path | None,
        replace: bool,
        secrets: SecretsChoice | None,
        dry_run: bool,
        **_: Any,
    ) -> Report:
        if not file.is_file():
            raise UsageError(f"There is no file {file}.")
        secret = self.key(key_file)
        with self.progress("Restoring") as advance:
            done = restore(
                file,
                secret=secret,
                replace=replace,
                secrets=secrets,
                dry_run=dry_run,
                advance=advance,
            )
        return _report(done, dry_run=dry_run)


def _report(done: Restored, *, dry_run: bool) -> Report:
    manifest = done.manifest
    facts = {
        "dry_run": dry_run,
        "created_at": manifest.created_at,
        "product": manifest.product,
        "tables": {name: table.rows for name, table in manifest.tables.items()},
        "rows": manifest.rows,
        "replaced": not done.was_empty,
        "migrated": done.migrated,
        "secrets": done.secrets,
        "epoch": done.epoch,
        "audit": done.verdict.facts() if done.verdict else None,
    }
    what = (
        f"{manifest.moment} (Lattice {manifest.product}): {manifest.rows} rows "
        f"of {len(manifest.tables)} tables"
    )
    if dry_run:
        return Report(f"The backup is whole. Would restore {what}.", facts)
    lines = [f"Restored {what}; every table's rows are those of the backup."]
    if done.migrated:
        lines.append(f"Migrated forward: {', '.join(done.migrated)}.")
    if done.secrets == "restored":
        lines.append("secrets.json is the backup's; the one before it is kept beside it.")
    if done.secrets == "kept":
        lines.append(
            "secrets.json is the present one: the backup's encrypted texts need their own."
        )
    lines.append(
        "What was revoked after the backup is valid again (keys, sessions, memberships): "
        "revoke it anew."
    )
    if done.verdict is None or done.verdict.is_sound:
        return Report("\n".join([*lines, "The audit verifies."]), facts)
    lines += ["The audit does NOT verify:", *map(str, done.verdict.findings)]
    return Report("\n".join(lines), facts, Outcome.DEGRADED)
