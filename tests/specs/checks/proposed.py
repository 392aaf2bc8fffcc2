"""A small graph before and after a proposal, written as a test thinks of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from apps.specs.changes.values import Excerpt, LinkState, NodeState, Operation
from apps.specs.checks.findings import Checked, Finding, Leg
from apps.specs.checks.registry import run_checks
from apps.specs.choices import LinkKind, Op

_HERE = UUID(int=7)


def id_of(key: str) -> UUID:
    return uuid5(_HERE, key)


def node(key: str, kind: str = "requirement", *, version: int = 1, **said: Any) -> NodeState:
    parent = id_of(said.pop("parent")) if said.get("parent") else None
    said.setdefault("title", key)
    return NodeState(id=id_of(key), key=key, kind=kind, version=version, parent=parent, **said)


def link(source: str, kind: LinkKind, target: str) -> LinkState:
    return LinkState(id_of(source), kind, id_of(target))


def graph(nodes: Collection[NodeState] = (), links: Collection[LinkState] = ()) -> Excerpt:
    parts: dict[UUID, list[UUID]] = {}
    for one in nodes:
        if one.parent and one.is_live:
            parts.setdefault(one.parent, []).append(one.id)
    return Excerpt(nodes={one.id: one for one in nodes}, links=frozenset(links), parts=parts)


class Known:
    """The graph beyond an excerpt, as a test gives it."""

    def __init__(
        self,
        links: Collection[tuple[str, LinkKind, str]] = (),
        parents: Mapping[str, str] | None = None,
        bodies: Mapping[str, str] | None = None,
    ) -> None:
        self._links = links
        self._bodies = bodies or {}
        self._parents = parents or {}

    def links(self, starts: Collection[UUID], kind: LinkKind) -> Sequence[Leg]:
        return _from(starts, [(one, other) for one, way, other in self._links if way == kind])

    def above(self, starts: Collection[UUID]) -> Sequence[Leg]:
        return _from(starts, [*self._parents.items()])

    def bodies(self, nodes: Collection[UUID]) -> Mapping[UUID, str]:
        known = {id_of(key): body for key, body in self._bodies.items()}
        return {id_: known[id_] for id_ in nodes}


def _from(starts: Collection[UUID], steps: Collection[tuple[str, str]]) -> list[Leg]:
    met, legs = set(starts), list[Leg]()
    while more := [
        leg
        for one, other in steps
        if id_of(one) in met and (leg := Leg(id_of(one), one, id_of(other), other)) not in legs
    ]:
        legs += more
        met |= {leg.target for leg in more}
    return legs


def done(op: Op, key: str, **said: Any) -> Operation:
    return Operation(op=op, node=id_of(key), key=key, kind="requirement", base=1, **said)


def deleted(excerpt: Excerpt, *keys: str, own_links: bool = False) -> Excerpt:
    gone = {id_of(key) for key in keys}
    nodes = {
        id_: replace(one, is_live=False) if id_ in gone else one
        for id_, one in excerpt.nodes.items()
    }
    links = {one for one in excerpt.links if own_links or one.source not in gone}
    return Excerpt(nodes=nodes, links=frozenset(links), parts=excerpt.parts)


def proposal(
    before: Excerpt,
    after: Excerpt,
    *operations: Operation,
    schemas: Mapping[str, Any] | None = None,
    reach: Known | None = None,
) -> Checked:
    known = Known(
        [(key(one.source, before), one.kind, key(one.target, before)) for one in before.links]
    )
    return Checked(
        operations=operations,
        before=before,
        after=after,
        schemas=schemas or {},
        reach=reach or known,
    )


def key(id_: UUID, excerpt: Excerpt) -> str:
    return excerpt.nodes[id_].key


def found(checked: Checked, name: str) -> list[Finding]:
    return [one for one in run_checks(checked) if one.check == name]


def said(body: str, *, kind: str = "requirement", before: str | None = None) -> Checked:
    """A requirement of this text, that is new or was another before."""
    was = [] if before is None else [node("REQ-1", kind, body=before)]
    return proposal(graph(was), graph([node("REQ-1", kind, version=2, body=body)]))
