"""Operations as they were sent, drawn on the graph as it is: what a proposal would be, before any
of it is kept.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.accounts.choices import Permission
from apps.accounts.models import Membership
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.ledger.switch import require_running
from apps.policies.services.judging import Hearing, hear
from apps.specs.changes.resolving import bases_in, resolve
from apps.specs.changes.values import Fault
from apps.specs.checks.findings import UNDOING, Finding
from apps.specs.choices import Op, ProposalState, Severity
from apps.specs.errors import NothingToRevert, OperationsInvalid
from apps.specs.models.graph import TITLE_LENGTH, Revision
from apps.specs.models.proposals import Proposal
from apps.specs.schemas import OperationIn, names_changed, names_in, read_operations
from apps.specs.selectors.excerpts import excerpt_of, states_of
from apps.specs.selectors.kinds import kinds_of
from apps.specs.selectors.proposals import keys_of, the_proposal
from apps.specs.selectors.prospects import (
    Prospect,
    orders,
    prospect_for,
    prospect_on,
    revision_of,
)
from apps.specs.services.keys import Given, give_keys, handing_out, take_back, want_keys
from apps.specs.services.weighing import impact_on


@dataclass(frozen=True, kw_only=True)
class Heard(Hearing):
    """What a door asks for before its unit of work begins."""

    keys: Given | None = None
    """Of what is created without one: in a unit nobody else would be given any until it ends.
    None: none were given yet."""


@dataclass(frozen=True, kw_only=True)
class Sketch:
    title: str
    rationale: str
    prospect: Prospect


@dataclass(frozen=True, kw_only=True)
class Undoing:
    title: str
    operations: tuple[OperationIn, ...]
    warnings: tuple[Finding, ...]
    """Of what it leaves as it is."""


def hear_mutation(
    *,
    title: str,
    rationale: str,
    operations: Sequence[OperationIn],
    actor: Actor,
    workspace: UUID,
    dry_run: bool = False,
) -> Heard:
    """`dry_run`: for a preview, which takes no keys."""
    heard, takes_keys = Heard(), not dry_run and want_keys(operations)
    if takes_keys or settings.OPA_ENABLE:
        require(actor=actor, workspace_id=workspace, permission=Permission.WRITE)
    if takes_keys:
        require_running(workspace)
        heard = Heard(keys=give_keys(operations, _prefixes(workspace), workspace))
    if not settings.OPA_ENABLE:
        return heard
    try:
        sketch = draw_apart(title, rationale, operations, workspace, heard)
    except OperationsInvalid:
        unhear(heard, workspace)
        raise
    return _heard(sketch, actor, workspace, heard)


def unhear(heard: Hearing | None, workspace: UUID) -> None:
    """Nothing came of it, so the next one is given its keys."""
    if isinstance(heard, Heard) and heard.keys:
        take_back(heard.keys, workspace)


def hear_kept(*, proposal_id: UUID, actor: Actor) -> Heard:
    """Of a draft."""
    row = the_proposal(proposal_id=proposal_id, actor=actor)
    if not settings.OPA_ENABLE:
        return Heard()
    prospect = prospect_for(row)
    sketch = Sketch(title=row.title, rationale=row.rationale, prospect=prospect)
    return _heard(sketch, actor, row.workspace_id, Heard())


def hear_revert(*, proposal_id: UUID, rationale: str, actor: Actor) -> Heard:
    row = the_proposal(proposal_id=proposal_id, actor=actor)
    undoing = inverse_of_applied(row)
    return hear_mutation(
        title=undoing.title,
        rationale=rationale,
        operations=undoing.operations,
        actor=actor,
        workspace=row.workspace_id,
    )


def draw(
    title: str,
    rationale: str,
    operations: Sequence[OperationIn],
    workspace: UUID,
    hearing: Hearing | None,
) -> Sketch:
    """Raises OperationsInvalid with every fault there is."""
    prefixes = _prefixes(workspace)
    onto = revision_of(workspace)
    now = excerpt_of(
        workspace,
        names=names_in(operations),
        changed=names_changed(operations),
        parts=orders(operations),
        bounded=True,
    )
    given = hearing.keys if isinstance(hearing, Heard) else None
    if given is None:
        given = give_keys(operations, prefixes, workspace)
    resolved = resolve(
        operations,
        now,
        prefixes=prefixes,
        next_key=handing_out(given, workspace),
        bases=states_of(bases_in(operations, now)),
    )
    _require_owners(operations, workspace)
    prospect = prospect_on(now, resolved, onto=onto)
    title = title.strip() or prospect.words[:TITLE_LENGTH]
    return Sketch(title=title, rationale=rationale, prospect=prospect)


def draw_apart(
    title: str,
    rationale: str,
    operations: Sequence[OperationIn],
    workspace: UUID,
    hearing: Hearing | None,
) -> Sketch:
    """Keys that are given to it are not taken."""
    with transaction.atomic():
        sketch = draw(title, rationale, operations, workspace, hearing)
        transaction.set_rollback(True)
    return sketch


def inverse_of_applied(proposal: Proposal) -> Undoing:
    """What somebody looked after who is not here any more keeps the owner that it has by then."""
    revision = Revision.objects.filter(proposal=proposal).first()
    if revision is None or proposal.state != ProposalState.APPLIED:
        raise NothingToRevert
    operations = read_operations(revision.inverse, most=None)
    gone = _missing_owners(operations, proposal.workspace_id)
    if gone:
        sent = [_ownerless(each) if n in gone else each for n, each in enumerate(revision.inverse)]
        left = [each for each in sent if each]
        if not left:
            raise NothingToRevert("All that it changed is an owner, who is not here any more.")
        operations = read_operations(left, most=None)
    keys = keys_of({UUID(revision.inverse[number]["target"]) for number in gone})
    return Undoing(
        title=f"Revert “{proposal.title}”"[:TITLE_LENGTH],
        operations=operations,
        warnings=tuple(_keeps_owner(key) for key in sorted(keys.values())),
    )


def _ownerless(sent: dict[str, Any]) -> dict[str, Any] | None:
    """None: it would have changed nothing else."""
    changes = {name: value for name, value in sent["changes"].items() if name != "owner"}
    return {**sent, "changes": changes} if changes else None


def _keeps_owner(key: str) -> Finding:
    message = f"The owner of {key} stays: the one before is not here any more."
    return Finding(
        check=UNDOING, severity=Severity.WARNING, message=message, key=key, field="owner"
    )


def stays_applied(reverted: Proposal) -> Finding:
    """By what was made of its revert."""
    message = f"“{reverted.title}” stays applied: this undoes only a part of it, or otherwise."
    return Finding(check=UNDOING, severity=Severity.WARNING, message=message)


def _prefixes(workspace: UUID) -> dict[str, str]:
    return {name: kind.prefix for name, kind in kinds_of(workspace).items()}


def _heard(sketch: Sketch, actor: Actor, workspace: UUID, before: Heard) -> Heard:
    impact = impact_on(sketch.prospect, workspace)
    act = sketch.prospect.act(sketch.title, sketch.rationale, impact=impact)
    heard = hear(act=act, actor=actor, workspace=workspace)
    return Heard(circumstances=heard.circumstances, rego=heard.rego, keys=before.keys)


def _require_owners(operations: Sequence[OperationIn], workspace: UUID) -> None:
    faults = [
        Fault(
            operation=number,
            field="owner" if operations[number].op == Op.CREATE else "changes.owner",
            message="Nobody here has this id.",
            code="unknown",
        )
        for number in sorted(_missing_owners(operations, workspace))
    ]
    if faults:
        raise OperationsInvalid(details=[asdict(fault) for fault in faults])


def _missing_owners(operations: Sequence[OperationIn], workspace: UUID) -> set[int]:
    """The numbers of those that give something to who is not here."""
    wanted = {}
    for number, operation in enumerate(operations):
        owner = getattr(getattr(operation, "changes", operation), "owner", None)
        if owner is not None:
            wanted[number] = owner
    if not wanted:
        return set()
    here = Membership.objects.standing().filter(workspace_id=workspace)
    known = set(here.filter(user_id__in=wanted.values()).values_list("user_id", flat=True))
    return {number for number, owner in wanted.items() if owner not in known}
