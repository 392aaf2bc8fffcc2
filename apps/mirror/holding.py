"""What one side has of a node, and how both sides are compared: by id, whatever it is called."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from apps.specs.changes.fields import is_same
from apps.specs.paper.leaves import Leaf
from apps.specs.selectors.exporting import Chart

_SAID = ("kind", "title", "heading", "body", "owner", "status")
_FIELDS = ("key", *_SAID, "attributes", "labels", "parent", "links")
_BLANK = Leaf(key="", title="")


@dataclass(frozen=True, kw_only=True)
class Held:
    id: str
    """Nothing: the workspace has no such node yet."""
    version: int = 0
    linked: int = 0
    """The revision that last made or ended a link of it."""
    leaf: Leaf

    @property
    def mark(self) -> tuple[int, int]:
        return self.version, self.linked

    @property
    def name(self) -> str:
        """What it is told from others by."""
        return self.id or f"new {self.leaf.key.casefold()}"


Names = Callable[[str], str]
"""From a key to the id of its node, or to itself."""


def naming(keys: Mapping[str, str]) -> Names:
    return lambda key: keys.get(key.casefold(), key.casefold())


def says_the_same(one: Leaf, other: Leaf, names: Names) -> bool:
    """But for where it stands."""
    return (
        one.key.casefold() == other.key.casefold()
        and all(getattr(one, field) == getattr(other, field) for field in _SAID)
        and sorted(one.labels) == sorted(other.labels)
        and is_same(dict(one.attributes), dict(other.attributes))
        and _links(one, names) == _links(other, names)
    )


def _links(leaf: Leaf, names: Names) -> set[tuple[str, str]]:
    return {(kind, names(key)) for kind, key in leaf.links}


Order = list[tuple[str, str]]
"""What stands where: names of nodes with those of what they are part of."""


def order_of(held: Sequence[Held]) -> Order:
    named = {one.leaf.key.casefold(): one.name for one in held}
    return [(one.name, named.get((one.leaf.parent or "").casefold(), "")) for one in held]


def on_chart(leaves: Iterable[Leaf], chart: Chart, *, of_graph: bool = False) -> tuple[Held, ...]:
    """`of_graph`: as the workspace has them, with their versions."""
    found = []
    for leaf in leaves:
        known = leaf.id if leaf.id in chart.spots else ""
        id_ = known or chart.keys.get(leaf.key.casefold(), "")
        spot = chart.spots[id_] if id_ and of_graph else None
        marks = (spot.version, spot.linked) if spot else (0, 0)
        found.append(Held(id=id_, version=marks[0], linked=marks[1], leaf=leaf))
    return tuple(found)


def kept(held: Iterable[Held]) -> list[dict[str, Any]]:
    """What the leaves say, as JSON: what is blank is not said."""
    return [
        {"id": one.id, **{name: value for name, value in _said(one.leaf) if value}} for one in held
    ]


def marks(held: Iterable[Held]) -> list[list[Any]]:
    return [[one.id, one.version, one.linked] for one in held]


def read(
    said: Sequence[Mapping[str, Any]], nodes: Sequence[Sequence[Any]] = ()
) -> tuple[Held, ...]:
    versions = {id_: (version, linked) for id_, version, linked in nodes}
    found = []
    for each in said:
        fields = {name: each[name] for name in _FIELDS if name in each}
        fields["labels"] = tuple(fields.get("labels", ()))
        fields["links"] = tuple((kind, key) for kind, key in fields.get("links", ()))
        version, linked = versions.get(each["id"], (0, 0))
        leaf = replace(_BLANK, id=each["id"], **fields)
        found.append(Held(id=each["id"], version=version, linked=linked, leaf=leaf))
    return tuple(found)


def _said(leaf: Leaf) -> Iterable[tuple[str, Any]]:
    return ((name, getattr(leaf, name)) for name in _FIELDS)
