"""As much of the graph as operations have to do with, as plain values: the nodes that they name,
what is linked to them, and what these are parts of and have as parts.
"""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower

from apps.specs.changes.values import Excerpt, LinkState, NodeState
from apps.specs.choices import LinkKind, Status
from apps.specs.models.graph import Key, Link, Node, State, Version, held_at


def excerpt_of(
    workspace: UUID,
    *,
    names: Collection[str] = (),
    ids: Collection[UUID] = (),
    parts: bool = True,
) -> Excerpt:
    """`names`: keys in any case, old ones too, and ids. `parts`: also of the nodes
    above these, since their order may matter."""
    known = _keys(workspace, names)
    wanted = {*ids, *known.values(), *filter(None, map(_as_id, names))}
    rows = Node.objects.filter(workspace_id=workspace, id__in=wanted)
    named = {row.id: row for row in rows}
    links = _links(named)
    ends = {end for link in links for end in (link.source, link.target)}
    parents = {row.parent_id for row in named.values() if row.parent_id}
    whole = {*named, *parents} if parts else set()
    around = _around(workspace, (ends | parents) - named.keys(), whole, named)
    return Excerpt(
        nodes={id_: state_of(row, row.version) for id_, row in {**around, **named}.items()},
        links=links,
        parts=_parts([*around.values(), *named.values()], of=whole),
        keys=known | {row.key.casefold(): row.id for row in named.values()},
    )


def state_of(row: State, version: int) -> NodeState:
    """Of a node as it is, or of a version."""
    return NodeState(
        id=row.node_id if isinstance(row, Version) else row.pk,
        key=row.key,
        kind=row.kind,
        title=row.title,
        heading=row.heading,
        body=row.body,
        attributes=row.attributes,
        labels=tuple(row.labels),
        owner=row.owner_id,
        status=Status(row.status),
        parent=row.parent_id,
        rank=row.rank,
        is_live=row.is_live,
        version=version,
    )


def fields_of(state: NodeState) -> dict[str, Any]:
    """The columns that say the same."""
    return {
        "key": state.key,
        "kind": state.kind,
        "title": state.title,
        "heading": state.heading,
        "body": state.body,
        "attributes": dict(state.attributes),
        "labels": list(state.labels),
        "owner_id": state.owner,
        "status": state.status,
        "parent_id": state.parent,
        "rank": state.rank,
        "is_live": state.is_live,
    }


def states_of(wanted: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], NodeState]:
    """Nodes as they were at these versions."""
    which = Q()
    for node, number in wanted:
        which |= Q(node=node, number=number)
    rows = Version.objects.filter(which) if which else ()
    return {(row.node_id, row.number): state_of(row, row.number) for row in rows}


def _keys(workspace: UUID, names: Collection[str]) -> dict[str, UUID]:
    """By the keys in small letters, which is how they are compared."""
    if not names:
        return {}
    found = Key.objects.annotate(small=Lower("key")).filter(
        workspace_id=workspace, small__in={name.lower() for name in names}
    )
    return dict(found.values_list("small", "node_id"))


def _links(named: Collection[UUID]) -> frozenset[LinkState]:
    found = Link.objects.filter(held_at(None)).filter(Q(source__in=named) | Q(target__in=named))
    return frozenset(
        LinkState(source, LinkKind(kind), target)
        for source, kind, target in found.values_list("source_id", "kind", "target_id")
    )


def _around(
    workspace: UUID, near: Collection[UUID], whole: Collection[UUID], named: Collection[UUID]
) -> dict[UUID, Node]:
    """Of parts no more than their place, since they may be many."""
    rows = Node.objects.filter(workspace_id=workspace)
    found = {row.id: row for row in rows.filter(id__in=near)} if near else {}
    if whole:
        parts = rows.filter(parent_id__in=whole, is_live=True).exclude(id__in=[*found, *named])
        for row in parts.defer("body", "attributes"):
            row.body, row.attributes = "", {}
            found[row.id] = row
    return found


def _parts(rows: Iterable[Node], *, of: Collection[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {id_: [] for id_ in of}
    for row in sorted(rows, key=lambda row: (row.rank, row.id)):
        if row.is_live and row.parent_id in found:
            found[row.parent_id].append(row.id)
    return found


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
