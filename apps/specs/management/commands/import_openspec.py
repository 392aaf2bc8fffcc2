"""`manage.py import_openspec WORKSPACE DIR --as WHO`: specs and changes, proposed."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.commands import LatticeCommand, Outcome, Report
from apps.specs.choices import ProposalState
from apps.specs.management.reporting import NOT_TAKEN, actor_called, not_taken, told
from apps.specs.paper.folder import read_folder
from apps.specs.services.openspec import Asked, import_openspec


class Command(LatticeCommand):
    help = "Propose the specs of an OpenSpec folder, and each of its changes."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)
        parser.add_argument("folder", type=Path, help="`openspec`, or the folder it stands in.")
        parser.add_argument(
            "--as", dest="who", required=True, help="Who proposes it: an e-mail address or an id."
        )

    def run(self, *, workspace: UUID, folder: Path, who: str, dry_run: bool, **_: Any) -> Report:
        try:
            imported, changes = import_openspec(
                files=read_folder(folder),
                name=folder.resolve().name,
                workspace=workspace,
                actor=actor_called(who),
                dry_run=dry_run,
            )
        except NOT_TAKEN as error:
            return not_taken(error)
        report = told(imported, dry_run=dry_run)
        if not changes:
            return report
        lines = [report.text, *(line for asked in changes for line in _in_words(asked, dry_run))]
        waits = any(_waits(asked) for asked in changes)
        return Report(
            "\n".join(lines),
            {**report.facts, "changes": [_facts(asked) for asked in changes]},
            report.outcome or (Outcome.DEGRADED if waits else Outcome.OK),
        )


def _waits(asked: Asked) -> bool:
    found = asked.earlier or (asked.submitted and asked.submitted.proposal)
    if asked.is_refused or asked.notes:
        return True
    return bool(found and found.state not in (ProposalState.APPLIED, ProposalState.QUEUED))


def _in_words(asked: Asked, dry_run: bool) -> list[str]:
    if asked.earlier:
        said = f"{asked.earlier.state} before, as {asked.earlier.id}"
    elif asked.submitted:
        proposal = asked.submitted.proposal
        said = f"would be {proposal.state}" if dry_run else f"{proposal.state}  {proposal.id}"
    elif asked.is_refused:
        said = "cannot be proposed"
    else:
        said = "all of it is there already"
    findings = asked.submitted.findings if asked.submitted else ()
    return [
        f"{asked.name}: {said}",
        *(f"  {finding.key}: {finding.message}" for finding in findings),
        *(f"  {note.place}: {note.message}" for note in asked.notes),
    ]


def _facts(asked: Asked) -> dict[str, Any]:
    found = asked.earlier or (asked.submitted and asked.submitted.proposal)
    return {
        "name": asked.name,
        "proposal": found.id if found else None,
        "state": found.state if found else None,
        "notes": [{"place": note.place, "message": note.message} for note in asked.notes],
    }
