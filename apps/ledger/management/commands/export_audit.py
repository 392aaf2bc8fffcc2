"""`manage.py export_audit`: the audit as a file that others can verify."""

import os
import sys
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Report, UsageError
from apps.ledger.exports import export_lines


class Command(LatticeCommand):
    help = "Write the audit as JSON Lines, with the proofs to verify it elsewhere."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--workspace", type=UUID, help="Only this workspace's chain.")
        parser.add_argument("--output", type=Path, help="A new file. Unset: standard output.")

    def run(
        self,
        *,
        workspace: UUID | None,
        output: Path | None,
        json: bool,
        dry_run: bool,
        **_: Any,
    ) -> Report:
        if output is None and not dry_run:
            if json:
                raise UsageError("--json needs --output: without it the lines go to stdout.")
            for line in export_lines(workspace=workspace):
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return Report()
        try:
            file = _opened(output, dry_run)
        except FileExistsError as error:
            raise UsageError(f"{output} exists already.") from error
        lines = 0
        with file, self.progress("Exporting") as advance:
            for line in export_lines(workspace=workspace):
                file.write(line)
                lines += 1
                advance()
        events = lines - 2
        if dry_run:
            text = f"{events} events would be written to {output or 'standard output'}."
            return Report(text, {"events": events})
        return Report(
            f"{events} events were written to {output}. Verify them anywhere with "
            f"`manage.py verify_audit --file {output}`.",
            {"events": events, "file": str(output)},
        )


def _opened(output: Path | None, dry_run: bool) -> IO[bytes]:
    if output is None or (dry_run and not output.exists()):
        return Path(os.devnull).open("wb")
    return output.open("xb")
