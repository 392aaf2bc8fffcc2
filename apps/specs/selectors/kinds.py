"""The kinds of nodes that a workspace has: what all have, and what it has defined itself."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.common.prepared import prepared
from apps.specs.kinds import BUILT_IN, Kind
from apps.specs.models.graph import KindOfNode


def kinds_of(workspace: UUID) -> dict[str, Kind]:
    """By name."""
    built_in = {str(name): Kind(prefix=prefix) for name, prefix in BUILT_IN.items()}
    return built_in | defined_kinds(workspace)


def defined_kinds(workspace: UUID) -> dict[str, Kind]:
    """Also those that all have, where it demands something of them."""
    found = _defined(workspace=workspace)
    return {name: Kind(prefix=prefix, schema=schema) for name, prefix, schema in found}


@prepared
def _defined(*, workspace: UUID) -> QuerySet[KindOfNode, tuple[str, str, dict[str, Any]]]:
    defined = KindOfNode.objects.filter(workspace_id=workspace).order_by("name")
    return defined.values_list("name", "prefix", "schema")
