"""All that a workspace says, or said then, as a library of leaves."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce, Greatest

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.prepared import prepared
from apps.specs.models.graph import Key, Link, Node, State, Version, held_at
from apps.specs.paper.differing import Present
from apps.specs.paper.leaves import Leaf, Library, in_reading_order, without_nothing
from apps.specs.selectors.kinds import defined_kinds
from apps.specs.selectors.prospects import revision_of

Led = tuple[UUID, str, UUID]
"""A link: from where, of which kind, to where."""


def library_of(*, workspace: UUID, actor: Actor, revision: int | None = None) -> Library:
    """`revision`: as it was then. Kinds are as they are now."""
    require(actor=actor, workspace_id=workspace, permission=Permission.READ)
    rows: QuerySet[Any]
    if revision is None:
        rows = Node.objects.visible_to(actor).live().filter(workspace_id=workspace)
    else:
        rows = Version.objects.filter(held_at(revision), workspace_id=workspace, is_live=True)
    links = _links(workspace, revision)
    leaves = _leaves(sorted(rows, key=lambda row: (row.rank, row.key)), links)
    return Library(kinds=defined_kinds(workspace), leaves=tuple(in_reading_order(leaves)))


def present_of(*, workspace: UUID, actor: Actor) -> Present:
    """With what was deleted, and with every key there ever was."""
    library = library_of(workspace=workspace, actor=actor)
    deleted = Node.objects.visible_to(actor).filter(workspace_id=workspace, is_live=False)
    keys = Key.objects.filter(workspace_id=workspace).values_list("key", "node_id")
    return Present(
        library=library,
        gone={leaf.id: leaf for leaf in _leaves(list(deleted), {})},
        keys={key.casefold(): str(node) for key, node in keys},
    )


class Spot(NamedTuple):
    """A node without what it says."""

    key: str
    kind: str
    parent: str | None
    rank: str
    version: int
    linked: int
    """The revision that last made or ended a link of it."""
    is_live: bool


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Where everything stands: ids are texts here, as leaves have them."""

    workspace: UUID
    revision: int
    spots: Mapping[str, Spot]
    keys: Mapping[str, str]
    """From every key there ever was, in small letters, to the id of its node."""

    def live(self, id_: str | None) -> Spot | None:
        spot = self.spots.get(id_ or "")
        return spot if spot and spot.is_live else None

    def root(self, id_: str) -> str:
        """The document that a node is a part of, or is."""
        while above := self.spots[id_].parent:
            id_ = above
        return id_

    def documents(self) -> dict[str, list[str]]:
        """The ids of all live nodes, by the document that they stand in and in its order."""
        below: dict[str | None, list[tuple[str, str, str]]] = defaultdict(list)
        for id_, spot in self.spots.items():
            if spot.is_live:
                below[spot.parent].append((spot.rank, spot.key, id_))
        for parts in below.values():
            parts.sort(reverse=True)
        found: dict[str, list[str]] = {}
        for *_, document in reversed(below[None]):
            found[document] = order = []
            waiting = [document]
            while waiting:
                order.append(waiting.pop())
                waiting += [id_ for *_, id_ in below.get(order[-1], ())]
        return found


def chart_of(*, workspace: UUID, actor: Actor) -> Chart:
    require(actor=actor, workspace_id=workspace, permission=Permission.READ)
    revision = revision_of(workspace)  # what comes in between is looked at again
    latest = Max(Greatest("since", Coalesce("until", 0)))
    links = Link.objects.filter(workspace_id=workspace).values("source_id").annotate(at=latest)
    linked = dict(links.values_list("source_id", "at"))
    columns = ("id", "key", "kind", "parent_id", "rank", "version", "is_live")
    nodes = Node.objects.filter(workspace_id=workspace).values_list(*columns)
    keys = Key.objects.filter(workspace_id=workspace).values_list("key", "node_id")
    return Chart(
        workspace=workspace,
        revision=revision,
        spots={
            str(id_): Spot(
                key,
                kind,
                str(parent) if parent else None,
                rank,
                version,
                linked.get(id_, 0),
                is_live,
            )
            for id_, key, kind, parent, rank, version, is_live in nodes
        },
        keys={key.casefold(): str(node) for key, node in keys},
    )


def leaves_at(chart: Chart, ids: Collection[str]) -> dict[str, Leaf]:
    """What these say now, by id; deleted ones as they were."""
    asked: dict[str, Any] = {"workspace": chart.workspace, "ids": [UUID(id_) for id_ in ids]}
    rows = _nodes(**asked) if ids else []
    links = _by_source(_links_from(**asked) if ids else ())
    ends = {row.parent_id for row in rows} | {to for led in links.values() for _, to in led}
    keys = {end: spot.key for end in ends if end and (spot := chart.spots.get(str(end)))}
    return {leaf.id: leaf for leaf in _leaves(rows, links, keys)}


@prepared
def _nodes(*, workspace: UUID, ids: list[UUID]) -> QuerySet[Node]:
    return Node.objects.filter(workspace_id=workspace, id__in=ids)


@prepared
def _links_from(*, workspace: UUID, ids: list[UUID]) -> QuerySet[Link, Led]:
    held = Link.objects.filter(held_at(None), workspace_id=workspace, source__in=ids)
    return held.values_list("source_id", "kind", "target_id")


def _links(workspace: UUID, revision: int | None) -> dict[UUID, list[tuple[str, UUID]]]:
    held = Link.objects.filter(held_at(revision), workspace_id=workspace)
    return _by_source(held.values_list("source_id", "kind", "target_id"))


def _by_source(led: Iterable[Led]) -> dict[UUID, list[tuple[str, UUID]]]:
    links: dict[UUID, list[tuple[str, UUID]]] = defaultdict(list)
    for source, kind, target in led:
        links[source].append((kind, target))
    return links


def _leaves(
    rows: Sequence[State],
    links: Mapping[UUID, list[tuple[str, UUID]]],
    keys: Mapping[UUID, str] | None = None,
) -> list[Leaf]:
    """`keys`: of what they may stand below and lead to. None: they are all there is."""
    keys = {_id(row): row.key for row in rows} if keys is None else keys
    return [
        Leaf(
            id=str(_id(row)),
            key=row.key,
            kind=row.kind,
            title=row.title,
            heading=row.heading,
            body=row.body,
            attributes=without_nothing(row.attributes),
            labels=tuple(row.labels),
            owner=str(row.owner_id) if row.owner_id else None,
            status=row.status,
            parent=keys.get(row.parent_id) if row.parent_id else None,
            links=tuple(
                sorted((kind, keys[to]) for kind, to in links.get(_id(row), ()) if to in keys)
            ),
        )
        for row in rows
    ]


def _id(row: State) -> UUID:
    return row.node_id if isinstance(row, Version) else row.pk
