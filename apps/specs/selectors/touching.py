"""Which proposals change a spec."""

from uuid import UUID

from apps.specs.models.graph import Key
from apps.specs.models.proposals import ProposalQuerySet


def touching(found: ProposalQuerySet, name: str, *, workspace_id: UUID) -> ProposalQuerySet:
    """`name`: a key that it has or had, in letters of any case, or its id."""
    known = Key.objects.filter(workspace_id=workspace_id, key__iexact=name)
    nodes = list(known.values_list("node_id", flat=True)) or _as_id(name)
    return found.filter(touches__overlap=nodes) if nodes else found.none()


def _as_id(name: str) -> list[UUID]:
    try:
        return [UUID(name)]
    except ValueError:
        return []
