"""`manage.py import_specs WORKSPACE DIR|FILE --as WHO`: files, proposed to a workspace."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Report
from apps.specs.management.reporting import NOT_TAKEN, actor_called, not_taken, told
from apps.specs.paper.folder import read_bytes, read_file, read_folder
from apps.specs.services.importing import (
    Source,
    from_files,
    from_json,
    from_reqif,
    import_library,
)


class Command(LatticeCommand):
    help = "Propose what is needed for a workspace to say what files say."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)
        parser.add_argument(
            "source", type=Path, help="A folder of Markdown; or a .json, .reqif or .reqifz."
        )
        parser.add_argument(
            "--as", dest="who", required=True, help="Who proposes it: an e-mail address or an id."
        )
        parser.add_argument(
            "--delete", action="store_true", help="Also delete what the files do not name."
        )

    def run(
        self,
        *,
        workspace: UUID,
        source: Path,
        who: str,
        delete: bool,
        dry_run: bool,
        **_: Any,
    ) -> Report:
        try:
            imported = import_library(
                source=_source(source, workspace),
                workspace=workspace,
                actor=actor_called(who),
                delete=delete,
                dry_run=dry_run,
            )
        except NOT_TAKEN as error:
            return not_taken(error)
        return told(imported, dry_run=dry_run)


def _source(path: Path, workspace: UUID) -> Source:
    if path.suffix == ".json":
        return from_json(read_file(path), name=path.name)
    if path.suffix.lower() in (".reqif", ".reqifz"):
        return from_reqif(read_bytes(path), name=path.name)
    return from_files(read_folder(path), name=path.resolve().name, workspace=workspace)
