"""`manage.py export_workspace`: everything a workspace owns, as a zip of JSON Lines."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.accounts.services.exports import count_rows, export_workspace
from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Report, UsageError


class Command(LatticeCommand):
    help = "Write everything a workspace owns, its audit included, into one zip file."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)
        parser.add_argument("file", type=Path, help="Where to write it. It must not exist.")

    def run(self, *, workspace: UUID, file: Path, dry_run: bool, **_: Any) -> Report:
        if file.exists():
            raise UsageError(f"{file} exists: name another file.")
        if dry_run:
            rows = count_rows(workspace_id=workspace, actor=SYSTEM)
            return Report(f"{rows} rows would be written to {file}.", {"rows": rows})
        try:
            export = export_workspace(workspace_id=workspace, target=file, actor=SYSTEM)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return Report(
            f"Wrote {file}. Its digest, which a deletion asks for:\n{export.digest}",
            {"file": str(file), "digest": export.digest, "last_event": export.seq},
        )
