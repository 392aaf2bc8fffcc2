"""`manage.py import_specs WORKSPACE DIR|FILE.json --as WHO`: files, proposed to a workspace."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.common.actors import Actor
from apps.common.commands import LatticeCommand, Outcome, Report, UsageError, in_a_line
from apps.specs.choices import ProposalState
from apps.specs.errors import FilesUnreadable, KindInvalid, OperationsInvalid
from apps.specs.paper.folder import read_file, read_folder
from apps.specs.paper.reading import Unreadable
from apps.specs.services.importing import (
    Imported,
    Source,
    from_files,
    from_json,
    import_library,
)

MOST_TOLD = 50


class Command(LatticeCommand):
    help = "Propose what is needed for a workspace to say what a folder of Markdown or a JSON says."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("workspace", type=UUID)
        parser.add_argument("source", type=Path, help="A folder; or a file that ends in .json.")
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
        actor = _actor(who)
        try:
            imported = import_library(
                source=_source(source, workspace),
                workspace=workspace,
                actor=actor,
                delete=delete,
                dry_run=dry_run,
            )
        except Unreadable as error:
            return _faults([(fault.place, fault.message) for fault in error.faults])
        except (FilesUnreadable, KindInvalid, OperationsInvalid) as error:
            return _faults([(_place(each), each["message"]) for each in error.details])
        return _told(imported, dry_run=dry_run)


def _source(path: Path, workspace: UUID) -> Source:
    if path.suffix == ".json":
        return from_json(read_file(path), name=path.name)
    return from_files(read_folder(path), name=path.resolve().name, workspace=workspace)


def _actor(who: str) -> Actor:
    try:
        found = User.objects.filter(id=UUID(who)).first()
    except ValueError:
        found = User.objects.filter(email__iexact=who).first()
    if found is None:
        raise UsageError(f"Nobody is called {who} here.")
    return found


def _told(imported: Imported, *, dry_run: bool) -> Report:
    lines = [
        f"The kind {name} {'would be' if dry_run else 'is'} defined." for name in imported.kinds
    ]
    lines += [
        f"{key} comes without its owner, who is no member here." for key in imported.strangers
    ]
    lines += [f"{note.place}: {note.message}" for note in imported.notes[:MOST_TOLD]]
    outcome = Outcome.OK
    for one in imported.proposals:
        lines.append(f"{_plainly(one.proposal.state, dry_run)}  {one.proposal.id}")
        lines += [f"  {finding.key}: {finding.message}" for finding in one.findings[:MOST_TOLD]]
    if imported.waits:
        lines.append(f"{imported.waits.id} is the same, and waits: decide on it first.")
        outcome = Outcome.DEGRADED
    elif dry_run:
        lines += [_in_words(operation) for operation in imported.left[:MOST_TOLD]]
        if len(imported.left) > MOST_TOLD:
            lines.append(f"... and {len(imported.left) - MOST_TOLD} more.")
    elif imported.proposals and imported.proposals[-1].proposal.state != ProposalState.APPLIED:
        lines.append("When it is applied, import again: what it did is left alone then.")
        outcome = Outcome.DEGRADED
    elif imported.left:
        lines.append("Some of it could not be made equal: see what a dry run says.")
        outcome = Outcome.DEGRADED
    facts = {
        "kinds": imported.kinds,
        "proposals": [
            {"id": one.proposal.id, "state": one.proposal.state} for one in imported.proposals
        ],
        "waits": imported.waits.id if imported.waits else None,
        "left": len(imported.left),
        "strangers": imported.strangers,
        "notes": [{"place": note.place, "message": note.message} for note in imported.notes],
    }
    return Report("\n".join(lines) or "All of it is there already.", facts, outcome)


def _plainly(state: str, dry_run: bool) -> str:
    return f"would be {state}" if dry_run else state


def _in_words(operation: dict[str, Any]) -> str:
    what = operation.get("key") or operation.get("target")
    return f"  {operation['op']} {what}"


def _place(detail: dict[str, Any]) -> str:
    operation = detail.get("operation")
    return detail["field"] if operation is None else f"operation {operation}, {detail['field']}"


def _faults(faults: list[tuple[str, str]]) -> Report:
    lines = [in_a_line(f"{place}: {message}", most=300) for place, message in faults[:MOST_TOLD]]
    facts = {"faults": [{"place": place, "message": message} for place, message in faults]}
    return Report("\n".join([*lines, "Nothing was changed."]), facts, Outcome.FAILED)
