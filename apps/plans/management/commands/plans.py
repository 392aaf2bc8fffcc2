"""`manage.py plans`: the plans of a workspace, and one of them as files."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.actors import SYSTEM
from apps.common.commands import (
    LatticeCommand,
    Report,
    UsageError,
    add_dry_run,
    add_json,
    in_a_line,
)
from apps.plans.choices import PlanState, VariantId
from apps.plans.folders import new_files, require_new
from apps.plans.selectors.plans import intents_of, plan, plans_of
from apps.plans.services.exporting import PullWanted, export_plan, exportable_artifact
from apps.plans.services.releasing import release_if_approved


class Command(LatticeCommand):
    help = "List a workspace's plans, or write one as files into the `plans/` of a directory."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        modes = parser.add_subparsers(dest="mode", required=True)
        listing = modes.add_parser("list", help="The newest first.")
        listing.add_argument("workspace", type=UUID)
        listing.add_argument("--state", choices=PlanState.values)
        listing.add_argument("--limit", type=int, default=50)
        export = modes.add_parser("export", help="Artifact, patch and description, as new files.")
        export.add_argument("workspace", type=UUID)
        export.add_argument("plan", type=UUID)
        export.add_argument("directory", type=Path, help="An existing one, such as a clone.")
        export.add_argument("--variant", choices=VariantId.values, default=VariantId.BALANCED)
        for each in (listing, export):
            add_json(each)
        add_dry_run(export)

    def run(self, *, mode: str, **given: Any) -> Report:
        return self._list(**given) if mode == "list" else self._export(**given)

    def _list(self, *, workspace: UUID, state: str | None, limit: int, **_: Any) -> Report:
        if limit < 1:
            raise UsageError("--limit is a positive number.")
        asked = {"state": state} if state else {}
        rows = list(plans_of(workspace_id=workspace, actor=SYSTEM, **asked).order_by("-id")[:limit])
        intents = intents_of(rows)
        facts = [
            {
                "id": str(row.id),
                "artifact": row.file,
                "state": row.state,
                "risk_level": row.risk_level,
                "created_at": row.created_at,
                "intent": intents[row.id],
            }
            for row in rows
        ]
        lines = [
            f"{row.id}  {row.state:8}  {row.risk_level:8}  {in_a_line(intents[row.id])}"
            for row in rows
        ]
        return Report("\n".join(lines) or "There are no plans.", {"plans": facts})

    def _export(
        self, *, workspace: UUID, directory: Path, variant: str, dry_run: bool, **given: Any
    ) -> Report:
        if not directory.is_dir():
            raise UsageError(f"{directory} is no directory.")
        row = plan(plan_id=given["plan"], workspace_id=workspace, actor=SYSTEM)
        if not dry_run:
            release_if_approved(row)
        artifact = exportable_artifact(row, variant)
        wanted = PullWanted(variant_id=variant, dry_run=True)
        pull = export_plan(plan=row, wanted=wanted, actor=SYSTEM)
        contents = {
            f"{row.name}.json": artifact.text,
            f"{row.name}.{variant}.patch": pull.patch.encode(),
            f"{row.name}.{variant}.md": pull.body.encode(),
        }
        if dry_run:
            return _of_files("Would write", require_new(directory, contents))
        with new_files(directory, contents) as written:  # only what could be written is on record
            export_plan(plan=row, wanted=replace(wanted, dry_run=False), actor=SYSTEM)
        return _of_files("Wrote", written)


def _of_files(done: str, paths: list[Path]) -> Report:
    files = [str(path) for path in paths]
    return Report("\n".join([done, *(f"  {file}" for file in files)]), {"files": files})
