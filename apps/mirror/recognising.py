"""Which file is which, and which of its nodes are those that the workspace has: by what the file
says of itself, then by its path, then by what it is most like. Pure.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from apps.mirror.holding import Held, on_chart
from apps.mirror.texts import made_key
from apps.specs.paper.differing import Present
from apps.specs.paper.leaves import Leaf, Library
from apps.specs.paper.rewording import with_kept_keys
from apps.specs.selectors.exporting import Chart

ALIKE = 0.5
"""So much of two texts has to be the same for one to be the other, renamed."""
COMMON = 50
"""A line of more files than these does not tell one of them from the others."""


@dataclass(frozen=True, kw_only=True)
class Gone:
    """A file that stands where it stood no more."""

    path: str
    document: str
    digest: str
    lines: Counter[str]


@dataclass(frozen=True, kw_only=True)
class New:
    path: str
    leaves: Sequence[Leaf]
    digest: str
    text: str


def renamed(gone: Sequence[Gone], new: Sequence[New], chart: Chart) -> dict[str, str]:
    """From new paths to those that the same files had."""
    found: dict[str, str] = {}
    left = {one.path: one for one in gone}

    def take(path: str, before: Gone | None) -> None:
        if before and before.path in left and path not in found:
            found[path] = left.pop(before.path).path

    by_document = {one.document: one for one in gone if one.document}
    by_digest = {one.digest: one for one in gone if one.digest}
    for one in new:
        take(one.path, by_document.get(_said_id(one, chart)))
    for one in new:
        take(one.path, by_digest.get(one.digest))
    unknown = [one for one in new if one.path not in found]
    for _, path, before in sorted(_likenesses(left.values(), unknown), reverse=True):
        take(path, left.get(before))
    return found


def _said_id(one: New, chart: Chart) -> str:
    """Of the node that the file says that it is."""
    document = one.leaves[0]
    if document.id in chart.spots:
        return document.id
    said = document.key if document.key != made_key(one.path) else ""
    return chart.keys.get(said.casefold(), "")


def _likenesses(gone: Collection[Gone], new: Sequence[New]) -> list[tuple[float, str, str]]:
    found = []
    having: dict[str, list[Gone]] = defaultdict(list)
    for before in gone:
        for line in before.lines:
            having[line].append(before)
    telling = {line: some for line, some in having.items() if len(some) <= COMMON}
    for one in new:
        lines = lines_of(one.text)
        near = {before.path: before for line in lines for before in telling.get(line, ())}
        for before in near.values():
            both = (lines & before.lines).total()
            likeness = 2 * both / max(1, lines.total() + before.lines.total())
            if likeness >= ALIKE:
                found.append((likeness, one.path, before.path))
    return found


def lines_of(text: str) -> Counter[str]:
    """But for how its headings are marked."""
    return Counter(line for each in text.splitlines() if (line := each.strip(" \t#")))


def recognised(
    pages: Mapping[str, Sequence[Leaf]],
    agreed: Mapping[str, Sequence[Held]],
    documents: Mapping[str, str],
    chart: Chart,
) -> dict[str, tuple[Held, ...]]:
    """Pages by path as nodes. `agreed`: of these and of all that are gone; `documents`: the nodes
    that they are already."""
    every = [leaf for path in pages for leaf in pages[path]]
    before = [_now(one, held, chart) for held in agreed.values() for one in held]
    present = Present(library=Library(leaves=tuple(before)), keys=chart.keys)
    kept = with_kept_keys(present, Library(leaves=tuple(every)), across=True).leaves
    found: dict[str, tuple[Held, ...]] = {}
    at = 0
    claimed = {chart.keys.get(leaf.key.casefold(), leaf.id) for leaf in kept}
    for path, page in pages.items():
        leaves, at = list(kept[at : at + len(page)]), at + len(page)
        own = documents.get(path, "")
        first = leaves[0] if leaves else None
        named = first and (first.id or chart.keys.get(first.key.casefold(), ""))
        if first and own and not named and own not in claimed and chart.live(own):
            leaves[0] = replace(first, id=own)  # it has another key now
        found[path] = on_chart(leaves, chart)
    return found


def _now(one: Held, held: Sequence[Held], chart: Chart) -> Leaf:
    """By the keys that they have now."""
    ids = {each.leaf.key.casefold(): each.id for each in held}
    above = ids.get((one.leaf.parent or "").casefold(), "")
    key = chart.spots[one.id].key if one.id in chart.spots else one.leaf.key
    parent = chart.spots[above].key if above in chart.spots else one.leaf.parent
    return replace(one.leaf, id=one.id, key=key, parent=parent)
