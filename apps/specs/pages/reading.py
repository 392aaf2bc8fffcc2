"""The graph as pages show it, now or as of a revision."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.common.texts.hidden import spelled_out
from apps.specs.changes.values import LinkState
from apps.specs.choices import LinkKind
from apps.specs.models.graph import Link, Suspect, held_at
from apps.specs.pages.pictures import Drawn


def links_at(workspace: UUID, number: int | None) -> QuerySet[Link]:
    return Link.objects.filter(held_at(number), workspace=workspace)


def drawn(rows: QuerySet[Any], suspects: Collection[UUID]) -> list[Drawn]:
    told = rows.values_list("of", "key", "title", "kind", "parent_id", "rank")
    return [
        Drawn(
            id=id_,
            key=key,
            title=spelled_out(title),
            kind=kind,
            parent=parent,
            rank=rank,
            is_suspect=id_ in suspects,
        )
        for id_, key, title, kind, parent, rank in told
    ]


def linked(
    links: QuerySet[Link], ids: Collection[UUID], *, both: bool, most: int
) -> set[LinkState]:
    """Both: with both ends among these. Otherwise one is enough. As many as asked for: there may be
    more."""
    ends = Q(source__in=ids), Q(target__in=ids)
    found = links.filter(ends[0] & ends[1] if both else ends[0] | ends[1])
    return states(found.order_by("id").values_list("source_id", "kind", "target_id")[:most])


def states(rows: Iterable[tuple[UUID, str, UUID]]) -> set[LinkState]:
    return {LinkState(source, LinkKind(kind), target) for source, kind, target in rows}


def suspect_ids(workspace: UUID) -> set[UUID]:
    found = Suspect.objects.standing().filter(workspace=workspace)
    return set(found.values_list("node_id", flat=True))
