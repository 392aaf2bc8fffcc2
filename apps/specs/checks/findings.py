"""What a check is given, and what it says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Protocol
from uuid import UUID

from apps.specs.changes.values import Excerpt, LinkState, NodeState, Operation
from apps.specs.choices import LinkKind, Op, Severity

UNDOING = "undoing"
"""Where a check is named, and none was made: a proposal that undoes another leaves something."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    check: str
    severity: Severity
    message: str
    rule: str = ""
    """Which of the check's rules spoke."""
    operation: int | None = None
    key: str = ""
    field: str = ""
    line: int | None = None
    """Of the field as it will be, from 1; and so the column."""
    column: int | None = None
    fix: str = ""

    def kept(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Leg:
    """One link, or one step from a part to what it is a part of."""

    source: UUID
    source_key: str
    target: UUID
    target_key: str


class Reach(Protocol):
    """The present graph further out than the excerpt goes, before the proposal."""

    def links(self, starts: Collection[UUID], kind: LinkKind) -> Sequence[Leg]:
        """All that are met when this kind is followed from there to its end."""
        ...

    def above(self, starts: Collection[UUID]) -> Sequence[Leg]:
        """The same from parts to what they are parts of."""
        ...

    def bodies(self, nodes: Collection[UUID]) -> Mapping[UUID, str]:
        """How they begin, of nodes that are brief in the excerpt."""
        ...


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A proposal: what it does, and the excerpt of the graph before and after it."""

    operations: Sequence[Operation]
    before: Excerpt
    after: Excerpt
    schemas: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Of the attributes of each kind that has one."""
    reach: Reach

    @cached_property
    def changed(self) -> Sequence[tuple[NodeState | None, NodeState]]:
        """Nodes that live when it is done, and are new or not what they were."""
        return tuple(
            (was if was and was.is_live else None, node)
            for id_, node in self.after.nodes.items()
            if node.is_live and (was := self.before.nodes.get(id_)) != node
        )

    @cached_property
    def deleted(self) -> Sequence[NodeState]:
        return tuple(
            was
            for id_, was in self.before.nodes.items()
            if was.is_live and not ((node := self.after.nodes.get(id_)) and node.is_live)
        )

    @cached_property
    def linked(self) -> frozenset[LinkState]:
        return self.after.links - self.before.links

    @cached_property
    def unlinked(self) -> frozenset[LinkState]:
        return self.before.links - self.after.links

    def key_of(self, node: UUID) -> str:
        known = self.after.nodes.get(node) or self.before.nodes.get(node)
        return known.key if known else str(node)

    def operation_at(self, node: UUID, field: str = "") -> int | None:
        """The last that gave this node what stands in this field now."""
        last = None
        for number, operation in enumerate(self.operations):
            if operation.node == node and (not field or _concerns(operation, field)):
                last = number
        return last if last is not None or not field else self.operation_at(node)

    def operation_of(self, link: LinkState) -> int | None:
        """The last that made or took away this link."""
        own = (n for n, operation in enumerate(self.operations) if operation.link == link)
        last = max(own, default=None)
        return self.operation_at(link.source) if last is None else last


def _concerns(operation: Operation, field: str) -> bool:
    root = field.partition(".")[0]
    match operation.op:
        case Op.CREATE | Op.RESTORE:
            return True
        case Op.EDIT:
            return root == "body"
        case Op.LINK | Op.UNLINK:
            return root == "links"
        case _:
            return any(name.partition(".")[0] == root for name in operation.after)
