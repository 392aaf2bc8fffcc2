"""The kinds of nodes that a workspace has: what all have, and what it has defined itself."""

from uuid import UUID

from apps.specs.kinds import BUILT_IN, Kind
from apps.specs.models.graph import KindOfNode


def kinds_of(workspace: UUID) -> dict[str, Kind]:
    """By name."""
    built_in = {str(name): Kind(prefix=prefix) for name, prefix in BUILT_IN.items()}
    return built_in | defined_kinds(workspace)


def defined_kinds(workspace: UUID) -> dict[str, Kind]:
    """Also those that all have, where it demands something of them."""
    rows = KindOfNode.objects.filter(workspace_id=workspace).order_by("name")
    return {row.name: Kind(prefix=row.prefix, schema=row.schema) for row in rows}
