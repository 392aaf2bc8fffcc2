"""What commands that bring files into a workspace share: who asks, and how it is told."""

from typing import Any

from apps.accounts.models import User
from apps.accounts.selectors.members import person_or_agent
from apps.common.commands import Outcome, Report, UsageError, in_a_line
from apps.specs.choices import ProposalState
from apps.specs.errors import FilesUnreadable, KindInvalid, OperationsInvalid
from apps.specs.paper.reading import Unreadable
from apps.specs.services.importing import Imported

MOST_TOLD = 50
NOT_TAKEN = (Unreadable, FilesUnreadable, KindInvalid, OperationsInvalid)


def not_taken(error: Exception) -> Report:
    """For one of these: nothing was changed."""
    match error:
        case Unreadable():
            return faulty([(fault.place, fault.message) for fault in error.faults])
        case FilesUnreadable() | KindInvalid() | OperationsInvalid():
            return faulty([(_place(each), each["message"]) for each in error.details])
    raise error


def actor_called(who: str) -> User:
    found = person_or_agent(who)
    if found is None:
        raise UsageError(f"Nobody is called {who} here.")
    return found


def told(imported: Imported, *, dry_run: bool) -> Report:
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


def faulty(faults: list[tuple[str, str]]) -> Report:
    lines = [in_a_line(f"{place}: {message}", most=300) for place, message in faults[:MOST_TOLD]]
    facts = {"faults": [{"place": place, "message": message} for place, message in faults]}
    return Report("\n".join([*lines, "Nothing was changed."]), facts, Outcome.FAILED)
