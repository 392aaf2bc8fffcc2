"""Nodes as files have them: where the graph has ids, they have keys."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from apps.specs.choices import LinkKind, NodeKind, Status
from apps.specs.kinds import Kind


class Reference(NamedTuple):
    """What a file says in its own words that a node is linked to: a path, a number, a key."""

    kind: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Leaf:
    id: str = ""
    key: str
    kind: str = NodeKind.SECTION
    title: str
    heading: str = ""
    body: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    owner: str | None = None
    status: str = Status.ACTIVE
    parent: str | None = None
    links: tuple[tuple[str, str], ...] = ()
    """Kind and key of what it is linked to, in order."""
    place: str = ""
    """Where in the files it was read, for whoever has to change it there."""
    is_made: bool = field(default=False, compare=False)
    """Whether its key was made of its title: the file does not say it."""
    is_foreign: bool = field(default=False, compare=False)
    """Whether another tool wrote its front matter, which may leave out what it does not know."""
    refers: tuple[Reference, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)
    """What its file says that could not be taken over as it stands."""

    @property
    def path(self) -> str:
        """Of its file."""
        return self.place.rpartition(":")[0]


@dataclass(frozen=True)
class PaperFault:
    """What is wrong in the files, and where."""

    place: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Library:
    """What a workspace says, all of it: each node stands before its parts, and they in order."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """That it has defined."""
    leaves: tuple[Leaf, ...] = ()
    notes: tuple[PaperFault, ...] = field(default=(), compare=False)
    """What was read otherwise than it stands, or not at all, and hurts nothing."""

    def below(self) -> Mapping[str | None, Sequence[Leaf]]:
        """The parts of each, by key; those of None are part of nothing."""
        parts: dict[str | None, list[Leaf]] = defaultdict(list)
        for leaf in self.leaves:
            parts[leaf.parent].append(leaf)
        return parts


def links_in(said: Mapping[LinkKind, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(str(kind), name) for kind, names in said.items() for name in names}))


def links_by_kind(leaf: Leaf) -> dict[str, list[str]]:
    links: dict[str, list[str]] = {}
    for kind, key in sorted(leaf.links):
        links.setdefault(kind, []).append(key)
    return links


def without_nothing(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """An attribute that is null is not there."""
    return {name: value for name, value in attributes.items() if value is not None}


def in_reading_order(leaves: Sequence[Leaf]) -> Iterator[Leaf]:
    """Each before its parts. What is part of nothing comes by kind and key."""
    below = Library(leaves=tuple(leaves)).below()
    waiting = sorted(below[None], key=lambda leaf: (leaf.kind, leaf.key), reverse=True)
    while waiting:
        leaf = waiting.pop()
        yield leaf
        waiting += reversed(below.get(leaf.key, ()))
