"""Operations of many files, put together to proposals: what one needs of another is proposed with
it, and what has nothing to do with it is decided on apart. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Operations = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Group:
    paths: tuple[str, ...]
    operations: Operations
    parts: tuple["Group", ...] = ()
    """What was put together for being proposed at once, and may be proposed apart."""

    @property
    def lines(self) -> int:
        """That it adds, as policies count them."""
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
    roots: dict[str, str] = {}

    def root(path: str) -> str:
        while (above := roots.setdefault(path, path)) != path:
            path = above
        return path

    def join(some: Collection[str]) -> str:
        first, *others = sorted(map(root, some))
        roots.update(dict.fromkeys(others, first))
        return first

    for some in bound:
        join(some)
    of = [_named(operation, paths) for operation in operations]
    for some in of:
        join(some)
    found: dict[str, Operations] = {}
    for operation, some in zip(operations, of, strict=True):
        found.setdefault(root(min(some)), []).append(operation)
    members: dict[str, list[str]] = {}
    for path in sorted(roots):
        members.setdefault(root(path), []).append(path)
    groups = [Group(paths=tuple(members[at]), operations=ops) for at, ops in found.items()]
    return _packed(groups, frozenset(together), most, most_lines)


def together_as_one(groups: Sequence[Group]) -> Group:
    if len(groups) == 1:
        return groups[0]
    return Group(
        paths=tuple(path for group in groups for path in group.paths),
        operations=[each for group in groups for each in group.operations],
        parts=tuple(groups),
    )


def _named(operation: dict[str, Any], paths: Mapping[str, Collection[str]]) -> Collection[str]:
    mine = operation.get("target") or operation["key"]
    named = {*paths[mine.casefold()]}
    for other in ("key", "to"):
        named.update(paths.get(str(operation.get(other, "")).casefold(), ()))
    return named


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
            last = together_as_one([*(last.parts or [last]), group])
        else:
            packed += [last] if last else []
            last = group
    return packed + ([last] if last else [])
