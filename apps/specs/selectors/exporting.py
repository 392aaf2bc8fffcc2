"""All that a workspace says, or said then, as a library of leaves."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.choices import Permission
from apps.accounts.selectors import require
from apps.common.actors import Actor
from apps.specs.models.graph import Key, Link, Node, State, Version, held_at
from apps.specs.paper.differing import Present
from apps.specs.paper.leaves import Leaf, Library, in_reading_order, without_nothing
from apps.specs.selectors.kinds import defined_kinds


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


def _links(workspace: UUID, revision: int | None) -> dict[UUID, list[tuple[str, UUID]]]:
    links: dict[UUID, list[tuple[str, UUID]]] = defaultdict(list)
    held = Link.objects.filter(held_at(revision), workspace_id=workspace)
    for source, kind, target in held.values_list("source_id", "kind", "target_id"):
        links[source].append((kind, target))
    return links


def _leaves(rows: list[State], links: dict[UUID, list[tuple[str, UUID]]]) -> list[Leaf]:
    keys = {_id(row): row.key for row in rows}
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
