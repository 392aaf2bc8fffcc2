"""An OpenSpec folder brought into a workspace: its specs as an import, and each of its changes as a
proposal of its own."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from apps.common.actors import Actor
from apps.specs.choices import ProposalState
from apps.specs.errors import OperationsInvalid
from apps.specs.models.proposals import Proposal
from apps.specs.paper.leaves import PaperFault
from apps.specs.paper.openspec import (
    Change,
    changes_in,
    library_of_specs,
    operations_of,
    within,
)
from apps.specs.schemas import LONGEST_RATIONALE
from apps.specs.selectors.exporting import present_of
from apps.specs.services.importing import (
    Imported,
    Source,
    import_library,
    in_json,
    waiting,
)
from apps.specs.services.proposing import applied_at_once, propose
from apps.specs.services.submitting import Submitted

_REFUSED = (ProposalState.REJECTED, ProposalState.POLICY_DENIED, ProposalState.INVALID)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What became of a change."""

    name: str
    submitted: Submitted | None = None
    """None: it was asked for before, or all of it is done."""
    earlier: Proposal | None = None
    """Which waits, or was not let pass. What is reworded, expired or withdrawn is asked anew."""
    is_refused: bool = False
    """What it asks for cannot be proposed: its notes say why."""
    notes: tuple[PaperFault, ...] = ()


def import_openspec(
    *, files: Mapping[str, str], name: str, workspace: UUID, actor: Actor, dry_run: bool = False
) -> tuple[Imported, tuple[Asked, ...]]:
    """Changes are only asked for when what they change is there."""
    inside = within(files)
    source = Source(
        name=name,
        digest=_digest(sorted(inside.items())),
        library=lambda present: library_of_specs(inside, present),
        as_it_says=in_json,
    )
    imported = import_library(source=source, workspace=workspace, actor=actor, dry_run=dry_run)
    is_there = not imported.waits and all(
        one.proposal.state == ProposalState.APPLIED for one in imported.proposals
    )
    if not is_there:
        return imported, ()
    changes = changes_in(inside)
    return imported, tuple(_ask(change, workspace, actor, dry_run) for change in changes)


def _ask(change: Change, workspace: UUID, actor: Actor, dry_run: bool) -> Asked:
    asked = Asked(name=change.name)
    rationale = _rationale(change)
    operations, notes = operations_of(change, present_of(workspace=workspace, actor=actor))
    asked = replace(asked, notes=tuple(notes))
    if not operations:
        return asked
    if earlier := _earlier(rationale, workspace, actor):
        return replace(asked, earlier=earlier)
    try:
        submitted = propose(
            title=change.title,
            rationale=rationale,
            sent=operations,
            actor=actor,
            workspace=workspace,
            dry_run=dry_run,
        )
    except OperationsInvalid as error:  # the other changes go on
        place = f"changes/{change.name}"
        faults = [PaperFault(place, str(each["message"])) for each in error.details or ()]
        return replace(asked, is_refused=True, notes=(*notes, *faults))
    if not dry_run:
        applied_at_once(submitted)
    return replace(asked, submitted=submitted)


def _earlier(rationale: str, workspace: UUID, actor: Actor) -> Proposal | None:
    if found := waiting(rationale, workspace, actor):
        return found
    asked = Proposal.objects.visible_to(actor).filter(workspace_id=workspace, state__in=_REFUSED)
    return asked.filter(proposer_id=actor.actor_id, rationale=rationale).first()


def _rationale(change: Change) -> str:
    said = sorted([("why", change.why), ("tasks", change.tasks), *change.deltas.items()])
    sign = f"OpenSpec change {change.name}. SHA-256 of what it says: {_digest(said)}."
    text = f"{change.why.strip()}\n\n{change.tasks.strip()}".strip()
    return f"{text[: LONGEST_RATIONALE - len(sign) - 2]}\n\n{sign}".strip()


def _digest(said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()
