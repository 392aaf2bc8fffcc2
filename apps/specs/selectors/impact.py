"""What depends on nodes: followed backwards along the links that carry, level by level, in one
question to the database.

Each row of the recursion is a whole level, held in arrays. A row per node would have to be compared
with every row before it to know the shortest way, which takes thirty times as long.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from apps.specs.choices import CARRIES, MUTUAL, LinkKind

LEVELS = """
WITH RECURSIVE level (distance, ids, vias, kinds, seen) AS (
    SELECT 0, array_agg(id), array_agg(NULL::uuid), array_agg(NULL::varchar), array_agg(id)
    FROM specs_node WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s::uuid[])
UNION ALL
    SELECT distance + 1, next.ids, next.vias, next.kinds, seen || next.ids
    FROM level, LATERAL (
        SELECT array_agg(id) AS ids, array_agg(via) AS vias, array_agg(kind) AS kinds FROM (
            SELECT id, via, kind FROM (
                SELECT DISTINCT ON (id) id, place, via, kind FROM (
                    SELECT id, 0 AS place, NULL::uuid AS via, NULL AS kind FROM unnest(seen) AS id
                    UNION ALL
                    SELECT link.source_id, place, node.id, link.kind
                    FROM unnest(ids) WITH ORDINALITY AS node (id, place) JOIN specs_link AS link
                        ON link.target_id = node.id AND link.kind = ANY(%(carries)s)
                        AND link.until IS NULL
                    UNION ALL
                    SELECT link.target_id, place, node.id, link.kind
                    FROM unnest(ids) WITH ORDINALITY AS node (id, place) JOIN specs_link AS link
                        ON link.source_id = node.id AND link.kind = ANY(%(mutual)s)
                        AND link.until IS NULL
                ) AS met ORDER BY id, place, kind
            ) AS first_met WHERE place > 0 ORDER BY place, id LIMIT %(most)s
        ) AS new
    ) AS next
    WHERE next.ids IS NOT NULL AND cardinality(seen) < %(most)s + cardinality(%(ids)s::uuid[])
)
SELECT node.id, node.key, node.title, node.kind, distance, via, reached.kind
FROM level, unnest(ids, vias, kinds) WITH ORDINALITY AS reached (id, via, kind, place)
    JOIN specs_node AS node ON node.id = reached.id
ORDER BY distance, place
"""


class Step(NamedTuple):
    """Along one link, towards what changes."""

    node_id: UUID
    key: str
    """Of what it leads to."""
    link: LinkKind


@dataclass(frozen=True, kw_only=True)
class Reached:
    node_id: UUID
    key: str
    title: str
    kind: str
    distance: int
    path: tuple[Step, ...]
    """The shortest one, from here to what changes: "TEST-4 verifies REQ-12 refines GOAL-3"."""


def impact_of(ids: Collection[UUID], workspace: UUID, *, most: int = 1000) -> list[Reached]:
    """Whatever depends on these nodes, the nearest first. As many as asked for: there may be more.
    For who has asked whether these nodes may be seen."""
    given: dict[str, Any] = {
        "workspace": workspace,
        "ids": list(ids),
        "carries": list(CARRIES),
        "mutual": list(CARRIES & MUTUAL),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(LEVELS, given)
        rows = cursor.fetchall()
    keys: dict[UUID, str] = {}
    paths: dict[UUID, tuple[Step, ...]] = {}
    found = []
    for id_, key, title, kind, distance, via, link in rows:
        keys[id_] = key
        paths[id_] = (Step(via, keys[via], LinkKind(link)), *paths[via]) if distance else ()
        if distance:
            found.append(
                Reached(
                    node_id=id_,
                    key=key,
                    title=title,
                    kind=kind,
                    distance=distance,
                    path=paths[id_],
                )
            )
    return found[:most]
