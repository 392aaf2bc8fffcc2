"""What depends on nodes: followed backwards along the links that carry, level by level, in one
question to the database.

Each row of the recursion is a whole level, held in arrays. A row per node would have to be compared
with every row before it to know the shortest way, which takes ten times as long.
"""

from collections.abc import Collection
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from apps.specs.choices import CARRIES, MUTUAL, LinkKind

KINDS = tuple(sorted(CARRIES))

# `way` says how a node was met: sixteen times the place, in the level before, of the node that its
# link leads to, and the number of the link's kind. The least of them is taken; 0 was met before.
# Kinds are compared by their number, since as a condition of the index they mislead the planner.
LEVELS = """
WITH RECURSIVE level (distance, ids, ways, seen) AS (
    SELECT 0, array_agg(id), array_agg(0::bigint), array_agg(id)
    FROM specs_node WHERE workspace_id = %(workspace)s AND id = ANY(%(ids)s::uuid[])
UNION ALL
    SELECT distance + 1, next.ids, next.ways, seen || next.ids
    FROM level, LATERAL (
        SELECT array_agg(id) AS ids, array_agg(way) AS ways FROM (
            SELECT id, min(way) AS way FROM (
                SELECT id, 0::bigint AS way FROM unnest(seen) AS id
                UNION ALL
                SELECT link.source_id, place * 16 + array_position(%(kinds)s::varchar[], link.kind)
                FROM unnest(ids) WITH ORDINALITY AS node (id, place) JOIN specs_link AS link
                    ON link.target_id = node.id AND link.until IS NULL
                    AND array_position(%(kinds)s::varchar[], link.kind) IS NOT NULL
                UNION ALL
                SELECT link.target_id, place * 16 + array_position(%(kinds)s::varchar[], link.kind)
                FROM unnest(ids) WITH ORDINALITY AS node (id, place) JOIN specs_link AS link
                    ON link.source_id = node.id AND link.until IS NULL
                    AND link.kind = ANY(%(mutual)s::varchar[])
            ) AS met GROUP BY id HAVING min(way) > 0 ORDER BY way, id LIMIT %(most)s
        ) AS new
    ) AS next
    WHERE next.ids IS NOT NULL AND cardinality(seen) < %(most)s + cardinality(%(ids)s::uuid[])
)
SELECT distance, node.id, node.key, node.title, node.kind, way
FROM level, unnest(ids, ways) WITH ORDINALITY AS reached (id, way, place)
    JOIN specs_node AS node ON node.id = reached.id
ORDER BY distance, place
"""


class Step(NamedTuple):
    """Along one link, towards what changes."""

    node_id: UUID
    key: str
    """Of what it leads to."""
    link: LinkKind


class Reached(NamedTuple):
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
        "kinds": list(KINDS),
        "mutual": list(CARRIES & MUTUAL),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(LEVELS, given)
        rows = cursor.fetchall()
    found: list[Reached] = []
    before: list[Reached] = []
    for distance, some in groupby(rows, key=lambda row: row[0]):
        level = []
        for _, id_, key, title, kind, way in some:
            path: tuple[Step, ...] = ()
            if distance:
                place, number = divmod(way, 16)
                onto = before[place - 1]
                path = (Step(onto.node_id, onto.key, KINDS[number - 1]), *onto.path)
            level.append(Reached(id_, key, title, kind, distance, path))
        found += level if distance else []
        before = level
    return found[:most]
