"""How far links and parents lead in the present graph, and what is said there: one query each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models.functions import Left

from apps.accounts.models import Workspace
from apps.specs.checks.findings import Leg
from apps.specs.choices import LinkKind
from apps.specs.language.contradicting import MOST_CHARACTERS
from apps.specs.models.graph import Node

_LINKS = """
    WITH RECURSIVE reached(id) AS (
        SELECT unnest(%(starts)s::uuid[])
        UNION
        SELECT link.target_id FROM specs_link link JOIN reached ON link.source_id = reached.id
        WHERE link.kind = %(kind)s AND link.until IS NULL AND link.workspace_id = %(workspace)s
    )
    SELECT source.id, source.key, target.id, target.key
    FROM reached
    JOIN specs_link link ON link.source_id = reached.id
    JOIN specs_node source ON source.id = link.source_id
    JOIN specs_node target ON target.id = link.target_id
    WHERE link.kind = %(kind)s AND link.until IS NULL AND link.workspace_id = %(workspace)s
    """
_ABOVE = """
    WITH RECURSIVE reached(id) AS (
        SELECT unnest(%(starts)s::uuid[])
        UNION
        SELECT part.parent_id FROM specs_node part JOIN reached ON part.id = reached.id
        WHERE part.parent_id IS NOT NULL AND part.workspace_id = %(workspace)s
    )
    SELECT part.id, part.key, whole.id, whole.key
    FROM reached
    JOIN specs_node part ON part.id = reached.id
    JOIN specs_node whole ON whole.id = part.parent_id
    WHERE part.workspace_id = %(workspace)s
    """


@dataclass(frozen=True)
class PresentReach:
    """What checks ask for: of all that is there, whoever looks."""

    workspace: UUID

    def links(self, starts: Collection[UUID], kind: LinkKind) -> Sequence[Leg]:
        return self._legs(_LINKS, starts, kind=kind.value)

    def above(self, starts: Collection[UUID]) -> Sequence[Leg]:
        return self._legs(_ABOVE, starts)

    def bodies(self, nodes: Collection[UUID]) -> dict[UUID, str]:
        found = Node.objects.filter(workspace_id=self.workspace, id__in=nodes)
        return dict(found.values_list("id", Left("body", MOST_CHARACTERS)))

    def _legs(self, query: str, starts: Collection[UUID], **given: str) -> Sequence[Leg]:
        with connection.cursor() as cursor:
            cursor.execute(query, {"starts": [*starts], "workspace": self.workspace, **given})
            return [Leg(*row) for row in cursor.fetchall()]


def reach_of(workspace: Workspace) -> PresentReach:
    return PresentReach(workspace.id)
