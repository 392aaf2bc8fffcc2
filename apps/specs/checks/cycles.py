"""Nothing follows a kind of link that has a direction, or its parents, back to itself."""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from uuid import UUID

from apps.specs.checks.findings import Checked, Finding, Leg
from apps.specs.checks.registry import check
from apps.specs.choices import ACYCLIC, LinkKind, Severity

MOST = 10
"""Cycles that are named. Each is a way to mend them all."""

Step = tuple[UUID, UUID]


@check("cycles", title="Nothing leads back to itself")
def nothing_leads_back(checked: Checked) -> Iterator[Finding]:
    for kind in sorted(ACYCLIC):
        new = {(link.source, link.target) for link in checked.linked if link.kind == kind}
        if new:
            yield from _around_links(kind, new, checked)
    moved = {
        (node.id, node.parent)
        for was, node in checked.changed
        if node.parent and node.parent != getattr(was, "parent", None)
    }
    if moved:
        yield from _around_parents(moved, checked)


def _around_links(kind: LinkKind, new: set[Step], checked: Checked) -> Iterator[Finding]:
    legs = checked.reach.links({target for _, target in new}, kind)
    ended = {(link.source, link.target) for link in checked.unlinked if link.kind == kind}
    here = {(link.source, link.target) for link in checked.after.links if link.kind == kind}
    steps = ({(leg.source, leg.target) for leg in legs} - ended) | here
    for path in _cycles(steps, new):
        keys = _keys(path, legs, checked)
        steps_taken = [*pairwise(path)]
        first = next(number for number, step in enumerate(steps_taken) if step in new)
        link = next(
            one
            for one in checked.linked
            if (one.source, one.target) == steps_taken[first] and one.kind == kind
        )
        yield Finding(
            check="cycles",
            severity=Severity.ERROR,
            rule=kind,
            message=f"{f' {kind.label.lower()} '.join(keys)}: that leads back to where it began.",
            operation=checked.operation_of(link),
            key=keys[first],
            field="links",
            fix=f"Leave out that {keys[first]} {kind.label.lower()} {keys[first + 1]}, or take "
            "another of these links away in the same proposal.",
        )


def _around_parents(moved: set[Step], checked: Checked) -> Iterator[Finding]:
    here = {node.id: node.parent for node in checked.after.nodes.values()}
    beyond = {parent for parent in here.values() if parent and parent not in here}
    legs = checked.reach.above(beyond) if beyond else ()
    steps = {(leg.source, leg.target) for leg in legs if leg.source not in here}
    steps |= {(part, parent) for part, parent in here.items() if parent}
    for path in _cycles(steps, moved):
        keys = _keys(path, legs, checked)
        first = next(n for n, step in enumerate(pairwise(path)) if step in moved)
        yield Finding(
            check="cycles",
            severity=Severity.ERROR,
            rule="parents",
            message=f"{' is a part of '.join(keys)}: nothing is a part of itself.",
            operation=checked.operation_at(path[first], "parent"),
            key=keys[first],
            field="parent",
            fix=f"Move {keys[first]} to where it is not below itself.",
        )


def _cycles(steps: Iterable[Step], new: set[Step]) -> Iterator[list[UUID]]:
    """Those that a new step closes, each as its path, from a node to that node again."""
    onward: dict[UUID, set[UUID]] = {}
    for source, target in steps:
        onward.setdefault(source, set()).add(target)
    for _ in range(MOST):
        path = _cycle(onward)
        if path is None:
            return
        taken = [*pairwise(path)]
        closing = [step for step in taken if step in new]
        if closing:
            yield path
        for source, target in closing or taken[:1]:
            onward[source].discard(target)


def _cycle(onward: Mapping[UUID, set[UUID]]) -> list[UUID] | None:
    try:
        TopologicalSorter(onward).prepare()
    except CycleError as error:
        path: list[UUID] = error.args[1]
        return path[::-1]
    return None


def _keys(path: Iterable[UUID], legs: Iterable[Leg], checked: Checked) -> list[str]:
    further = {leg.source: leg.source_key for leg in legs}
    further |= {leg.target: leg.target_key for leg in legs}
    return [further.get(id_) or checked.key_of(id_) for id_ in path]
