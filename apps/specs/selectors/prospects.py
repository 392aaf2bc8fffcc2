"""What operations would do to the graph as it is now: asked before they are submitted, voted on and
applied, and each time in the same way.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet

from apps.common.prepared import prepared
from apps.policies.ports import Act
from apps.specs.acts import Changed, act_of, lines_in
from apps.specs.changes.digests import content_digest
from apps.specs.changes.kept import read
from apps.specs.changes.playing import Played
from apps.specs.changes.rebasing import bodies_wanted, rebase
from apps.specs.changes.touching import changed_by, leant_on_by, touched_by
from apps.specs.changes.values import Conflict, Excerpt, Operation
from apps.specs.changes.words import sentence_of
from apps.specs.choices import ACYCLIC, Op
from apps.specs.models.graph import TITLE_LENGTH, Graph
from apps.specs.models.proposals import Proposal
from apps.specs.rules import OPEN
from apps.specs.schemas import OperationIn
from apps.specs.selectors.excerpts import excerpt_of, states_of

ORDERED = frozenset({Op.CREATE, Op.MOVE, Op.DELETE, Op.RESTORE})
"""What these do depends on the parts of a node."""


@dataclass(frozen=True, kw_only=True)
class Prospect:
    operations: tuple[Operation, ...]
    """On the graph as it is now; where that conflicts, as they were."""
    before: Excerpt
    played: Played | None
    """None: they conflict."""
    conflicts: tuple[Conflict, ...]
    onto: int
    """The revision."""

    @cached_property
    def digest(self) -> str:
        """What conflicts is not what anybody agreed to."""
        content = content_digest(self.operations)
        if self.conflicts:
            return hashlib.sha256(f"conflicts {content}".encode()).hexdigest()
        return content

    @cached_property
    def words(self) -> str:
        return sentence_of(self.operations)

    @cached_property
    def size(self) -> str:
        count, lines = len(self.operations), lines_in(self.operations, self.changed)
        return f"{count:,} operation{'' if count == 1 else 's'}, {lines:,} line" + (
            "" if lines == 1 else "s"
        )

    @property
    def changed(self) -> Changed:
        return self.played.changed if self.played else {}

    def act(self, title: str, rationale: str, *, impact: int) -> Act:
        return act_of(title, rationale, self.operations, self.before, self.changed, impact=impact)


def title_of(proposal: Proposal, prospect: Prospect) -> str:
    """One that was made of what it does follows that. One that was given stays."""
    is_made = proposal.title == proposal.words[:TITLE_LENGTH]
    return prospect.words[:TITLE_LENGTH] if is_made else proposal.title


def prospect_for(proposal: Proposal) -> Prospect:
    """What was left out of another one stands on that, while it waits."""
    whole = proposal.part_of if proposal.part_of_id else None
    upon = read(whole.operations) if whole and whole.state in OPEN else ()
    return prospect_of(read(proposal.operations), proposal.workspace_id, upon=upon)


def stands_on_whole(proposal: Proposal) -> bool:
    """Whether what it was left out of still waits, and it would do something else without that."""
    whole = proposal.part_of if proposal.part_of_id else None
    if whole is None or whole.state not in OPEN:
        return False
    alone = prospect_of(read(proposal.operations), proposal.workspace_id)
    return alone.digest != proposal.content_digest


def prospect_of(
    operations: Sequence[Operation], workspace: UUID, *, upon: Sequence[Operation] = ()
) -> Prospect:
    """`upon`: as if these had been done before."""
    onto = revision_of(workspace)
    every = [*upon, *operations]
    now = excerpt_of(
        workspace,
        ids=touched_by(every) | leant_on_by(every),
        changed=changed_by(every),
        names=keys_given(every),
        parts=orders(every),
    )
    if upon:
        first = prospect_on(now, upon, onto=onto)
        now = first.played.after if first.played else now
    return prospect_on(now, operations, onto=onto)


def prospect_on(now: Excerpt, operations: Sequence[Operation], *, onto: int) -> Prospect:
    """`onto`: read before the excerpt was, so that what comes in between is looked at again."""
    wanted = bodies_wanted(operations, now)
    bodies = {which: state.body for which, state in states_of(wanted).items()}
    if missing := wanted - bodies.keys():
        conflicts = tuple(_baseless(operations, {node for node, _ in missing}))
        return Prospect(
            operations=tuple(operations), before=now, played=None, conflicts=conflicts, onto=onto
        )
    rebased = rebase(operations, now, bodies=bodies)
    return Prospect(
        operations=rebased.operations if rebased.played else tuple(operations),
        before=now,
        played=rebased.played,
        conflicts=rebased.conflicts,
        onto=onto,
    )


def _baseless(operations: Sequence[Operation], nodes: Collection[UUID]) -> Iterator[Conflict]:
    """They were to follow something that never came."""
    for number, operation in enumerate(operations):
        if operation.node in nodes:
            message = f"What was to be changed in {operation.key} before has not been."
            yield Conflict(
                operation=number, field="body", base=None, theirs=None, ours=None, message=message
            )


def revision_of(workspace: UUID) -> int:
    """The last one. 0: nothing was ever applied."""
    return next(iter(_revision(workspace=workspace)), 0)


@prepared
def _revision(*, workspace: UUID) -> QuerySet[Graph, int]:
    return Graph.objects.filter(workspace_id=workspace).values_list("revision", flat=True)


def orders(operations: Iterable[Operation] | Iterable[OperationIn]) -> bool:
    return any(operation.op in ORDERED for operation in operations)


def shapes(operations: Iterable[Operation]) -> bool:
    """Whether a circle could come of it."""
    return any(
        operation.op == Op.MOVE or (operation.link and operation.link.kind in ACYCLIC)
        for operation in operations
    )


def keys_given(operations: Iterable[Operation]) -> set[str]:
    """By creations and renames."""
    return {operation.after["key"] for operation in operations if operation.after.get("key")}
