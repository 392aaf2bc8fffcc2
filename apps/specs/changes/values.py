"""Nodes, links and operations as plain frozen values: what a proposal is computed with, before and
apart from any row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.common.diffs.hunks import Hunk
from apps.specs.choices import LinkKind, Op, Status


@dataclass(frozen=True, kw_only=True)
class NodeState:
    """All that is said of a node at one time."""

    id: UUID
    key: str
    kind: str
    title: str
    heading: str = ""
    body: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    owner: UUID | None = None
    status: Status = Status.ACTIVE
    parent: UUID | None = None
    rank: str = ""
    is_live: bool = True
    version: int = 0
    """0: it is not in the graph yet."""


@dataclass(frozen=True, order=True)
class LinkState:
    source: UUID
    kind: LinkKind
    target: UUID


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """As much of the graph as operations have to do with."""

    nodes: Mapping[UUID, NodeState]
    links: frozenset[LinkState]
    """That hold now, from or to any of these nodes."""
    parts: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    """The live parts of a node, in order, for parents among these nodes."""

    def named(self, name: str) -> NodeState | None:
        """By its key, whatever the case of its letters, or its id."""
        wanted = name.casefold()
        live = (node for node in self.nodes.values() if node.is_live)
        return next((n for n in live if n.key.casefold() == wanted or str(n.id) == wanted), None)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing a proposal does to one node, resolved: who it is done to is an id, and what was
    there before stands beside what will be."""

    op: Op
    node: UUID
    key: str
    """What the node was called when this was resolved."""
    kind: str
    """Of the node."""
    base: int
    """The version of the node that it was resolved against. 0: it creates it."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """The pre-image: of each field that it changes, what stood there."""
    after: Mapping[str, Any] = field(default_factory=dict)
    """Of the same fields, what will stand there."""
    hunks: tuple[Hunk, ...] = ()
    """Of an edit: its body changes so. `before` and `after` do not repeat it."""
    link: LinkState | None = None
    """Of a link or unlink."""
    target_key: str = ""
    """Of a link or unlink: what its other end was called."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with an operation, and in which of its fields."""

    operation: int
    field: str
    message: str
    code: str = "invalid"


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """The same was changed meanwhile, otherwise. Three views of it."""

    operation: int
    field: str
    base: Any
    theirs: Any
    """As it stands now."""
    ours: Any
    """As the proposal would have it."""
    message: str
