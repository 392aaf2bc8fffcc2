"""As much of the graph as operations have to do with, as plain values: the nodes that they name,
what is linked to those that they change, and what these are parts of and have as parts. Bodies and
links may be very many: they are read of what is changed, and of nothing else.
"""

import sys
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from apps.common.prepared import prepared
from apps.specs.changes.values import Excerpt, LinkState, NodeState
from apps.specs.choices import LinkKind, Status
from apps.specs.models.graph import Key, Link, Node, State, Version, held_at
from apps.specs.schemas import MOST_CHARACTERS, MOST_LINKS_AROUND, MOST_TOUCHED, TOO_MUCH, refused

_BRIEF = (
    *("id", "key", "kind", "title", "labels", "owner_id", "status"),
    *("parent_id", "rank", "is_live", "version"),
)


def excerpt_of(
    workspace: UUID,
    *,
    names: Collection[str] = (),
    ids: Collection[UUID] = (),
    changed: Collection[str] | Collection[UUID] = (),
    parts: bool = True,
    bounded: bool = False,
) -> Excerpt:
    """`names`: keys in any case, old ones too, and ids. `changed`: those of the names or ids that
    are changed themselves. `parts`: also of the nodes above these, since their order may matter.
    `bounded`: raises OperationsInvalid where that would be more than a proposal may touch."""
    known = _keys(workspace, names)
    wanted = {*ids, *known.values(), *filter(None, map(_as_id, names))}
    touched = {
        id_
        for each in changed
        if (id_ := known.get(each) or _as_id(each) if isinstance(each, str) else each)
    }
    if bounded:
        _require_room(workspace, touched)
    whole = _whole(workspace=workspace, ids=list(touched)) if touched else []
    named = {row.id: state_of(row, row.version) for row in whole}
    named |= _brief(workspace, wanted - named.keys())
    links = _links(workspace, named, touched, most=MOST_LINKS_AROUND if bounded else None)
    ends = {end for link in links for end in (link.source, link.target)}
    parents = {state.parent for state in named.values() if state.parent}
    around = _brief(workspace, (ends | parents) - named.keys())
    wholes = {*named, *parents} if parts else set()
    if wholes:
        below = _below(workspace=workspace, parents=list(wholes))
        around |= {state.id: state for state in map(_state, below) if state.id not in wholes}
    nodes = {**around, **named}
    return Excerpt(
        nodes=nodes,
        links=links,
        parts=_parts(nodes.values(), of=wholes),
        keys=known | {state.key.casefold(): state.id for state in named.values()},
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
    if state.is_brief:
        raise ValueError(f"All that {state.key} says is not known.")
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
    small = list({name.lower() for name in names})
    return dict(_nodes_with(workspace=workspace, small=small)) if small else {}


@prepared
def _nodes_with(*, workspace: UUID, small: list[str]) -> QuerySet[Key, tuple[str, UUID]]:
    known = Key.objects.annotate(small=Lower("key")).filter(workspace_id=workspace)
    return known.filter(small__in=small).values_list("small", "node_id")


def _require_room(workspace: UUID, touched: Collection[UUID]) -> None:
    if len(touched) * MOST_CHARACTERS <= MOST_TOUCHED:
        return
    # Its bytes are known without reading it, its characters are not.
    whole = Node.objects.filter(workspace_id=workspace, id__in=touched)
    told = whole.aggregate(size=Sum(RawSQL("octet_length(body)", ())))
    if (told["size"] or 0) > MOST_TOUCHED:
        what = f"bodies of more than {MOST_TOUCHED:,} bytes"
        raise refused(f"What it changes has {what}. Split it.", TOO_MUCH)


def _links(
    workspace: UUID, named: Collection[UUID], touched: Collection[UUID], *, most: int | None
) -> frozenset[LinkState]:
    """All of what is touched. Of the others, those to each other."""
    rows = _linked(
        workspace=workspace,
        touched=list(touched),
        others=[node for node in named if node not in touched],
        limit=sys.maxsize if most is None else most + 1,
    )
    links = frozenset(LinkState(source, LinkKind(kind), target) for source, kind, target in rows)
    if most is not None and len(links) > most:
        raise refused(f"What it changes has more than {most:,} links. Split it.", TOO_MUCH)
    return links


@prepared
def _linked(
    *, workspace: UUID, touched: list[UUID], others: list[UUID], limit: int
) -> QuerySet[Link, tuple[UUID, str, UUID]]:
    ends = Q(source__in=touched) | Q(target__in=touched) | Q(source__in=others, target__in=others)
    found = Link.objects.filter(held_at(None), workspace_id=workspace).filter(ends)
    return found.values_list("source_id", "kind", "target_id")[:limit]


@prepared
def _whole(*, workspace: UUID, ids: list[UUID]) -> QuerySet[Node]:
    return Node.objects.filter(workspace_id=workspace, id__in=ids)


@prepared
def _briefly(*, workspace: UUID, ids: list[UUID]) -> QuerySet[Node, tuple[Any, ...]]:
    return Node.objects.filter(workspace_id=workspace, id__in=ids).values_list(*_BRIEF)


@prepared
def _below(*, workspace: UUID, parents: list[UUID]) -> QuerySet[Node, tuple[Any, ...]]:
    parts = Node.objects.filter(workspace_id=workspace, parent_id__in=parents, is_live=True)
    return parts.values_list(*_BRIEF)


def _brief(workspace: UUID, ids: Collection[UUID]) -> dict[UUID, NodeState]:
    rows = _briefly(workspace=workspace, ids=list(ids)) if ids else []
    return {state.id: state for state in map(_state, rows)}


def _state(row: tuple[Any, ...]) -> NodeState:
    id_, key, kind, title, labels, owner, status, parent, rank, is_live, version = row
    return NodeState(
        id=id_,
        key=key,
        kind=kind,
        title=title,
        labels=tuple(labels),
        owner=owner,
        status=Status(status),
        parent=parent,
        rank=rank,
        is_live=is_live,
        version=version,
        is_brief=True,
    )


def _parts(nodes: Iterable[NodeState], *, of: Collection[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {id_: [] for id_ in of}
    placed = [node for node in nodes if node.is_live and node.parent in found]
    for node in sorted(placed, key=lambda node: (node.rank, node.id.int)):
        if node.parent:
            found[node.parent].append(node.id)
    return found


def _as_id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
