"""Operations of many files, put together to proposals: what one needs of another is proposed with
it, and what has nothing to do with it is decided on apart. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from apps.specs.choices import Op

Operations = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Group:
    paths: tuple[str, ...]
    operations: Operations
    parts: tuple["Group", ...] = ()
    """What was put together for being proposed at once, and may be proposed apart."""
    is_chain: bool = False
    """Each of them may need those before it."""

    @cached_property
    def lines(self) -> int:
        """That it adds, as policies count them."""
        if self.parts:
            return sum(part.lines for part in self.parts)
        return sum(len(str(each.get("body", "")).splitlines()) for each in self.operations)


def groups_of(
    operations: Operations,
    *,
    paths: Mapping[str, Collection[str]],
    bound: Collection[Collection[str]],
    together: Collection[str],
    most: int,
    most_lines: int,
) -> list[Group]:
    """`paths`: of the files that have to do with a node, by its id or by its key in small letters;
    of what is linked to, where it comes or goes with them. `bound`: paths that are decided on
    together already; `together`: those that may be, as long as there are no more than `most` of
    them with `most_lines`."""
    each = [_Named.by(operation, paths) for operation in operations]
    alone = _Sets()
    for some in [*bound, *(named.own for named in each)]:
        alone.join(some)
    for named in each:
        for path in named.needed:
            alone.root(path)
    order = _in_order(alone, each)
    whole = _Sets()
    for path in order:
        whole.root(path)
    for named in each:
        whole.join(map(alone.root, (*named.own, *named.needed)))
    members: dict[str, list[str]] = {}
    for path in sorted(alone.roots):
        members.setdefault(alone.root(path), []).append(path)
    of_part: dict[str, Operations] = {root: [] for root in order}
    of_all: dict[str, Operations] = {}
    for operation, named in zip(operations, each, strict=True):
        root = alone.root(min(named.own))
        of_part[root].append(operation)
        of_all.setdefault(whole.root(root), []).append(operation)
    chains: dict[str, list[Group]] = {}
    for root in order:
        part = Group(paths=tuple(members[root]), operations=of_part[root])
        chains.setdefault(whole.root(root), []).append(part)
    groups = [
        replace(together_as_one(chains[root], is_chain=True), operations=every)
        for root, every in of_all.items()
    ]
    return _packed(groups, frozenset(together), most, most_lines)


def together_as_one(groups: Sequence[Group], *, is_chain: bool = False) -> Group:
    if len(groups) == 1:
        return groups[0]
    return Group(
        paths=tuple(path for group in groups for path in group.paths),
        operations=[each for group in groups for each in group.operations],
        parts=tuple(groups),
        is_chain=is_chain,
    )


@dataclass(frozen=True, kw_only=True)
class _Named:
    """Paths that an operation has to do with."""

    own: frozenset[str]
    needed: frozenset[str]
    """Of what it links to."""
    lets_go: bool
    """It drops that link, so that what it led to may be deleted afterwards."""

    @classmethod
    def by(cls, operation: dict[str, Any], paths: Mapping[str, Collection[str]]) -> "_Named":
        mine = operation.get("target") or operation["key"]
        own = {*paths[mine.casefold()], *paths.get(operation.get("key", "").casefold(), ())}
        needed = paths.get(str(operation.get("to", "")).casefold(), ())
        lets_go = operation["op"] == Op.UNLINK
        return cls(own=frozenset(own), needed=frozenset(needed), lets_go=lets_go)


class _Sets:
    """Paths that belong together."""

    def __init__(self) -> None:
        self.roots: dict[str, str] = {}

    def root(self, path: str) -> str:
        while (above := self.roots.setdefault(path, path)) != path:
            self.roots[path] = path = self.roots[above]
        return path

    def join(self, some: Iterable[str]) -> None:
        first, *others = sorted(map(self.root, some))
        self.roots.update(dict.fromkeys(others, first))


def _in_order(alone: _Sets, each: Sequence[_Named]) -> list[str]:
    """What is needed comes before what needs it; what needs each other is put together."""
    for circle in _circles(_needs(alone, each)):
        alone.join(circle)
    return list(TopologicalSorter(_needs(alone, each)).static_order())


def _needs(alone: _Sets, each: Sequence[_Named]) -> dict[str, set[str]]:
    needs: dict[str, set[str]] = {alone.root(path): set() for path in sorted(alone.roots)}
    for named in each:
        here = alone.root(min(named.own))
        others = {alone.root(path) for path in named.needed} - {here}
        if named.lets_go:
            for other in others:
                needs[other].add(here)
        else:
            needs[here] |= others
    return needs


def _circles(needs: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Those that need each other, by Tarjan's algorithm: however many, each is come to once."""
    found: list[list[str]] = []
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    open_ones: list[str] = []
    way: list[tuple[str, Iterator[str]]] = []

    def enter(path: str) -> None:
        number[path] = low[path] = len(number)
        open_ones.append(path)
        way.append((path, iter(needs[path])))

    for start in needs:
        if start not in number:
            enter(start)
        while way:
            path, left = way[-1]
            for other in left:
                if other not in number:
                    enter(other)
                    break
                low[path] = min(low[path], low[other])
            else:
                way.pop()
                if way:
                    low[way[-1][0]] = min(low[way[-1][0]], low[path])
                if low[path] == number[path]:
                    circle = [open_ones.pop()]
                    while circle[-1] != path:
                        circle.append(open_ones.pop())
                    low |= dict.fromkeys(circle, len(needs))
                    found.append(circle)
    return found


def _packed(
    groups: Sequence[Group], together: frozenset[str], most: int, most_lines: int
) -> list[Group]:
    packed: list[Group] = []
    last: Group | None = None
    for group in groups:
        if not together.issuperset(group.paths):
            packed.append(group)
        elif (
            last
            and len(last.operations) + len(group.operations) <= most
            and last.lines + group.lines <= most_lines
        ):
            packed_so_far = last.parts if last.parts and not last.is_chain else [last]
            last = together_as_one([*packed_so_far, group])
        else:
            packed += [last] if last else []
            last = group
    return packed + ([last] if last else [])
