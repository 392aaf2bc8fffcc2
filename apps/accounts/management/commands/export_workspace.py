"""`manage.py export_workspace`: everything a workspace owns, as a zip of JSON Lines."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.accounts.services.exports import export_workspace
from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Report, UsageError


class Command(LatticeCommand):
    help = "Write everything a workspace owns, its audit included, into one zip file."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)
        parser.add_argument("file", type=Path, help="Where to write it. It must not exist.")

    def run(self, *, workspace: UUID, file: Path, **_: Any) -> Report:
        if file.exists():
            raise UsageError(f"{file} exists: name another file.")
        try:
            export = export_workspace(workspace_id=workspace, target=file, actor=SYSTEM)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        return Report(
            f"Wrote {file}. Its digest, which a deletion asks for:\n{export.digest}",
            {"file": str(file), "digest": export.digest, "last_event": export.seq},
        )
