"""Nodes, links and operations as plain frozen values: what a proposal is computed with, before and
apart from any row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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
    is_brief: bool = False
    """Its heading, body and attributes are left out."""


@dataclass(frozen=True, order=True)
class LinkState:
    source: UUID
    kind: LinkKind
    target: UUID


def in_order(links: Iterable[LinkState]) -> list[LinkState]:
    """Ids are slow to compare, and links may be many thousands."""
    return sorted(links, key=lambda link: (link.source.int, link.kind, link.target.int))


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """As much of the graph as operations have to do with."""

    nodes: Mapping[UUID, NodeState]
    """What operations change, and around it others, which are brief."""
    links: frozenset[LinkState]
    """That hold now: from or to what is changed, and among what is named."""
    parts: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    """The live parts of a node, in order, for parents among these nodes. The parts are, too."""
    keys: Mapping[str, UUID] = field(default_factory=dict)
    """Every key that was looked up and found, without case: old ones too, and those of nodes that
    were deleted. Where one leads to no node of these, it is taken all the same."""

    def named(self, name: str) -> NodeState | None:
        """By a key that it has or had, whatever the case of its letters, or by its id."""
        return self.nodes.get(self._names.get(name.casefold(), UUID(int=0)))

    def has_given(self, key: str) -> bool:
        """Whether it leads to a node, or ever did."""
        return key.casefold() in self._names

    @cached_property
    def _names(self) -> Mapping[str, UUID]:
        names = {str(node): node for node in self.nodes} | dict(self.keys)
        return names | {state.key.casefold(): node for node, state in self.nodes.items()}


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
    """The pre-image: of each field that it changes, what stood there, as JSON. An attribute is the
    field `attributes.<name>`; None: it is not there."""
    after: Mapping[str, Any] = field(default_factory=dict)
    """Of the same fields, what will stand there. `after`: the part that it stands behind. `links`:
    those a creation brings along, as `before` of a deletion has those that end with it. A
    restoration has all that comes back."""
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
