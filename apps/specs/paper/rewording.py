"""Sections keep their keys when somebody rewords their headings in a file, or puts another of the
same title above them: each is found again by its title and body, or by where it stands.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import count

from apps.specs.choices import NodeKind
from apps.specs.paper.differing import Present
from apps.specs.paper.headings import KEY_LENGTH
from apps.specs.paper.leaves import Leaf, Library

_LIKENESS: tuple[Callable[[Leaf], Hashable], ...] = (
    lambda leaf: (leaf.title, leaf.body),
    lambda leaf: leaf.title,
    lambda leaf: leaf.body or None,
)
"""What two are taken for the same by; the surest first. None: by nothing."""


def with_kept_keys(present: Present, wanted: Library, *, across: bool = False) -> Library:
    """Only keys that were made of titles are replaced. `across`: what is gone from one document may
    have come to stand in another."""
    called = _recognised(present, wanted)
    if across:
        called |= _moved(present, wanted, called)
    claimed = {key.casefold() for key in called.values()}
    claimed |= {leaf.key.casefold() for leaf in wanted.leaves if not leaf.is_made}
    for leaf in wanted.leaves:
        if leaf.is_made and leaf.key not in called and leaf.key.casefold() in claimed:
            called[leaf.key] = next(
                key
                for key in _numbered(leaf.key)
                if key.casefold() not in claimed and key.casefold() not in present.keys
            )
            claimed.add(called[leaf.key].casefold())
    if not called:
        return wanted
    return replace(wanted, leaves=tuple(_renamed(leaf, called) for leaf in wanted.leaves))


def _recognised(present: Present, wanted: Library) -> dict[str, str]:
    """From keys that were made to those that the same sections have."""
    there = {leaf.id: leaf for leaf in present.library.leaves}
    below, parts_there = wanted.below(), present.library.below()
    named = {leaf.key.casefold() for leaf in wanted.leaves if not leaf.is_made}
    called: dict[str, str] = {}
    for leaf in wanted.leaves:
        key = called.get(leaf.key, leaf.key)
        whole = there.get(leaf.id) or there.get(present.keys.get(key.casefold(), ""))
        parts = parts_there.get(whole.key, ()) if whole else ()
        free = [each for each in parts if each.key.casefold() not in named]
        called |= _paired(below.get(leaf.key, ()), parts, free)
    return called


def _moved(present: Present, wanted: Library, called: dict[str, str]) -> dict[str, str]:
    """Sections that say the same, title and body, where only one is gone and only one is new."""
    named = {called.get(leaf.key, leaf.key).casefold() for leaf in wanted.leaves}
    gone = [leaf for leaf in present.library.leaves if leaf.kind == NodeKind.SECTION and leaf.body]
    gone = [leaf for leaf in gone if leaf.key.casefold() not in named]
    new = [leaf for leaf in wanted.leaves if leaf.is_made and leaf.key not in called and leaf.body]
    new = [leaf for leaf in new if leaf.key.casefold() not in present.keys]
    before, after = _grouped(gone, _LIKENESS[0]), _grouped(new, _LIKENESS[0])
    return {
        leaves[0].key: before[likeness][0].key
        for likeness, leaves in after.items()
        if len(leaves) == 1 and len(before.get(likeness, ())) == 1
    }


def _paired(wanted: Sequence[Leaf], parts: Sequence[Leaf], free: Sequence[Leaf]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    made = [leaf for leaf in wanted if leaf.is_made]
    sections = [leaf for leaf in free if leaf.kind == NodeKind.SECTION]
    for likeness in _LIKENESS:
        alike = {said: deque(some) for said, some in _grouped(sections, likeness).items()}
        for leaf in made:
            if likeness(leaf) is not None and alike.get(likeness(leaf)):
                pairs[leaf.key] = alike[likeness(leaf)].popleft().key
        taken = set(pairs.values())
        made = [leaf for leaf in made if leaf.key not in pairs]
        sections = [leaf for leaf in sections if leaf.key not in taken]
    before = _behind(wanted, {leaf.key for leaf in made}, pairs)
    after = _behind(parts, {leaf.key for leaf in sections}, {})
    for place, keys in before.items():
        if len(keys) == len(after.get(place, ())):
            pairs |= zip(keys, after[place], strict=True)
    return pairs


def _grouped(
    leaves: Sequence[Leaf], likeness: Callable[[Leaf], Hashable]
) -> dict[Hashable, list[Leaf]]:
    groups: dict[Hashable, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        groups[likeness(leaf)].append(leaf)
    return groups


def _behind(
    parts: Sequence[Leaf], unknown: set[str], called: dict[str, str]
) -> dict[str, list[str]]:
    """Those that are not recognised, by what they stand behind."""
    places: dict[str, list[str]] = defaultdict(list)
    place = ""
    for leaf in parts:
        if leaf.key in unknown:
            places[place].append(leaf.key)
        else:
            place = called.get(leaf.key, leaf.key).casefold()
    return places


def _numbered(key: str) -> Iterator[str]:
    return (f"{key[: KEY_LENGTH - 6]}-{number}" for number in count(2))


def _renamed(leaf: Leaf, called: dict[str, str]) -> Leaf:
    return replace(
        leaf,
        key=called.get(leaf.key, leaf.key),
        parent=called.get(leaf.parent, leaf.parent) if leaf.parent else None,
        links=tuple(sorted((kind, called.get(key, key)) for kind, key in leaf.links)),
    )
