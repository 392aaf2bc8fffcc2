"""What has to be done to a graph so that it says what a library says: operations, in an order in
which each finds what it names. What is equal already is left alone.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.specs.changes.fields import is_same
from apps.specs.paper.leaves import Leaf, Library, PaperFault
from apps.specs.paper.reading import Unreadable

_FIELDS = ("title", "kind", "status", "owner", "labels", "attributes", "heading")


@dataclass(frozen=True, kw_only=True)
class Present:
    """What stands there: with ids, and with keys that are held by nobody any more."""

    library: Library
    gone: Mapping[str, Leaf] = field(default_factory=dict)
    """By id: deleted nodes, as they were."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """From every key there ever was, in small letters, to the id of its node."""
    besides: Mapping[str, str] = field(default_factory=dict)
    """From ids to keys: what stands elsewhere, and is not compared."""


def operations_between(
    present: Present, wanted: Library, *, delete: bool = False
) -> list[dict[str, Any]]:
    """As they are sent. With `delete`, what the library does not name goes. Raises Unreadable."""
    return list(_Differing(present, wanted, delete).operations())


class _Differing:
    def __init__(self, present: Present, wanted: Library, delete: bool) -> None:
        self.present, self.wanted, self.delete = present, wanted, delete
        self.there = {leaf.id: leaf for leaf in present.library.leaves}
        self.ids = [self._id_of(leaf) for leaf in wanted.leaves]
        self.by_id = {id_: leaf for id_, leaf in zip(self.ids, wanted.leaves, strict=True) if id_}
        self.matched: dict[str, Leaf | None] = {}
        self.called: dict[str, str] = {}
        """From the keys of the library, in small letters, to what is called so in the end."""
        faults = [*self._call()]
        faults += self._strays()
        if faults:
            raise Unreadable(*faults)

    def _id_of(self, leaf: Leaf) -> str:
        """Of the node that it is already, or nothing."""
        if leaf.id in self.there or leaf.id in self.present.gone:
            return leaf.id
        return self.present.keys.get(leaf.key.casefold(), "")

    def _call(self) -> Iterator[PaperFault]:
        seen: dict[str, Leaf] = {}
        for leaf, id_ in zip(self.wanted.leaves, self.ids, strict=True):
            for name in {leaf.key.casefold(), id_} - {""}:
                if name in seen:
                    yield PaperFault(
                        leaf.place,
                        f"{leaf.key} stands already at {seen[name].place}. A heading that only "
                        "mentions it must not begin with it.",
                    )
                seen[name] = leaf
            before = self.there.get(id_) or self.present.gone.get(id_)
            self.matched[leaf.key] = before
            holds_another = leaf.key.casefold() in self.present.keys
            self.called[leaf.key.casefold()] = before.key if before and holds_another else leaf.key

    def _strays(self) -> Iterator[PaperFault]:
        """Links and parts of what is nowhere, or goes."""
        keys = {leaf.key for leaf in self.wanted.leaves}
        placed: set[str | None] = {None}
        for leaf in self.wanted.leaves:
            if leaf.parent not in placed:
                where = "nowhere before it" if leaf.parent in keys else "nowhere"
                yield PaperFault(
                    leaf.place, f"{leaf.key} is part of {leaf.parent}, which is {where}."
                )
            placed.add(leaf.key)
            for kind, target in leaf.links:
                if not self._name(target):
                    said = f"{leaf.key} {kind} {target}, which is nowhere, or would be deleted."
                    yield PaperFault(leaf.place, said)

    def _name(self, key: str) -> str:
        """What is called so in the end."""
        if key.casefold() in self.called:
            return self.called[key.casefold()]
        id_ = self.present.keys.get(key.casefold(), "")
        if id_ in self.by_id:
            return self.called[self.by_id[id_].key.casefold()]
        if id_ in self.present.besides:
            return self.present.besides[id_]
        stays = id_ in self.there and not self.delete
        return self.there[id_].key if stays else ""

    def operations(self) -> Iterator[dict[str, Any]]:
        gone = [id_ for id_ in self.ids if id_ in self.present.gone]
        if gone:  # where they come to stand again is seen when they are there
            yield from ({"op": "restore", "target": id_} for id_ in gone)
            for id_ in gone:
                above = self.present.keys.get((self.present.gone[id_].parent or "").casefold(), "")
                if self.present.gone[id_].parent and above not in {*self.there, *gone}:
                    yield {"op": "move", "target": id_, "parent": None}
            return
        settled = self._settled()
        behind: dict[str | None, str] = {}
        for leaf in self.wanted.leaves:
            parent = self.called[leaf.parent.casefold()] if leaf.parent else None
            place = {"parent": parent, "after": behind.get(parent)} if parent else {"parent": None}
            before, key = self.matched[leaf.key], self.called[leaf.key.casefold()]
            if before is None:
                yield {"op": "create", **_said(leaf), "key": key, **place}
            else:
                if before.key != key:
                    yield {"op": "rename", "target": before.id, "key": key}
                if before.id not in settled:
                    yield {"op": "move", "target": before.id, **place}
                yield from _changes(before, leaf)
            behind[parent] = key
        yield from self._links()
        if self.delete:
            for leaf in reversed(self.present.library.leaves):
                if leaf.id not in self.by_id:
                    yield {"op": "delete", "target": leaf.id}

    def _settled(self) -> set[str]:
        """Ids of nodes that may stay where they are: of the parts of each, as many as stand in the
        right order."""
        settled: set[str] = set()
        stood = {leaf.id: at for at, leaf in enumerate(self.present.library.leaves)}
        for parent, parts in self.wanted.below().items():
            above = self.matched[parent] if parent else None
            if parent and above is None:
                continue
            matched = [before for leaf in parts if (before := self.matched[leaf.key])]
            here = [each.id for each in matched if each.parent == (above.key if above else None)]
            settled.update(_in_order(here, stood) if parent else here)
        return settled

    def _links(self) -> Iterator[dict[str, Any]]:
        """Those that end come first: one that holds in both directions may be turned around."""
        begin: list[dict[str, Any]] = []
        for leaf in self.wanted.leaves:
            before, key = self.matched[leaf.key], self.called[leaf.key.casefold()]
            had = {(kind, self._name(to) or to): to for kind, to in before.links} if before else {}
            has = {(kind, self._name(to)) for kind, to in leaf.links}
            for kind, to in sorted(had.keys() - has):
                yield {"op": "unlink", "target": key, "kind": kind, "to": had[kind, to]}
            begin += (
                {"op": "link", "target": key, "kind": kind, "to": to}
                for kind, to in sorted(has - had.keys())
            )
        yield from begin


def _said(leaf: Leaf) -> dict[str, Any]:
    said = {"body": leaf.body, **{name: getattr(leaf, name) for name in _FIELDS}}
    return {name: _plain(value) for name, value in said.items() if value}


def _changes(before: Leaf, leaf: Leaf) -> Iterator[dict[str, Any]]:
    changes = {
        name: _plain(getattr(leaf, name))
        for name in _FIELDS
        if not is_same(_plain(getattr(leaf, name)), _plain(getattr(before, name)))
    }
    if changes:
        yield {"op": "update", "target": before.id, "changes": changes}
    if leaf.body != before.body:
        yield {"op": "edit", "target": before.id, "body": leaf.body}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _in_order(ids: Sequence[str], stood: Mapping[str, int]) -> set[str]:
    """The most of them that stand in this order already."""
    ends: list[int] = []
    chains: list[tuple[str, Any]] = []
    for id_ in ids:
        at = bisect_left(ends, stood[id_])
        chain = (id_, chains[at - 1] if at else None)
        ends[at : at + 1], chains[at : at + 1] = [stood[id_]], [chain]
    kept: set[str] = set()
    link = chains[-1] if chains else None
    while link:
        kept.add(link[0])
        link = link[1]
    return kept
