"""`manage.py export_specs WORKSPACE DIR|FILE.json`: all that a workspace says, as files."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Report
from apps.specs.paper.files import files_of
from apps.specs.paper.folder import require_vacant, write_file, write_folder
from apps.specs.paper.reading import Unreadable
from apps.specs.paper.whole import json_of
from apps.specs.selectors.exporting import library_of
from apps.specs.selectors.nodes import revision_named


class Command(LatticeCommand):
    help = "Write all that a workspace says into a new folder of Markdown, or into one new JSON."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)
        parser.add_argument("to", type=Path, help="A new folder; or a new file, ending in .json.")
        parser.add_argument(
            "--as-of", default="", help="As it was then: a day, a moment, or rev:41."
        )

    def run(self, *, workspace: UUID, to: Path, as_of: str, dry_run: bool, **_: Any) -> Report:
        revision = revision_named(as_of, workspace_id=workspace) if as_of else None
        library = library_of(workspace=workspace, actor=SYSTEM, revision=revision)
        try:
            if dry_run:
                require_vacant(to)
            elif to.suffix == ".json":
                write_file(to, json_of(library))
            else:
                write_folder(to, files_of(library))
        except Unreadable as error:
            raise CommandError(str(error)) from error
        facts = {"to": str(to), "nodes": len(library.leaves), "kinds": len(library.kinds)}
        done = "Would write" if dry_run else "Wrote"
        return Report(f"{done} {len(library.leaves)} nodes to {to}.", facts)
