"""Saying that what a change has made doubtful still is right."""

from collections.abc import Collection, Sequence
from itertools import groupby
from uuid import UUID

from django.utils import timezone

from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.errors import Invalid
from apps.ledger.services import record, unit
from apps.specs.errors import ChangedSince
from apps.specs.events import SuspectsCleared
from apps.specs.models.graph import Node, Suspect
from apps.specs.selectors.prospects import revision_of
from apps.specs.selectors.suspects import needed_to_clear, without_texts


def clear_suspects(
    *,
    nodes: Collection[Node],
    causes: Collection[UUID],
    seen: int,
    actor: Actor,
    workspace: UUID,
) -> list[Suspect]:
    """Of these nodes, those because of these causes, as they were at the revision that was `seen`:
    what else there was, nobody says they looked at. All of them or, where one may not be cleared
    or has changed since, none. Cleared already, they stay so."""
    with unit(actor=actor, workspace=workspace):
        for needed in {needed_to_clear(node, actor) for node in nodes}:
            require(actor=actor, workspace_id=workspace, permission=needed)
        doubtful = Suspect.objects.standing().filter(
            workspace_id=workspace, node__in=nodes, cause__in=causes
        )
        held = doubtful.select_for_update(of=("self",)).select_related("node", "cause")
        found = list(without_texts(held).order_by("link_id", "cause_id"))
        _require_seen(found, seen, workspace)
        now = timezone.now()
        doubtful.filter(id__in=[one.id for one in found]).update(
            cleared_at=now, cleared_by=actor.actor_id
        )
        by_node = sorted(found, key=lambda suspect: suspect.node_id)
        for node, some in groupby(by_node, key=lambda suspect: suspect.node):
            keys = {suspect.cause.key for suspect in some}
            record(SuspectsCleared(node=node.id, key=node.key, causes=sorted(keys), seen=seen))
    return found


def _require_seen(found: Sequence[Suspect], seen: int, workspace: UUID) -> None:
    """The rows are held: what changes from now on makes them doubtful anew."""
    if seen > revision_of(workspace):
        message = "Nobody can have seen this revision: it is still to come."
        raise Invalid(details=[{"field": "seen", "message": message}])
    changed = {
        suspect.cause.key: suspect.latest
        for suspect in sorted(found, key=lambda suspect: suspect.cause.key)
        if suspect.latest > seen
    }
    if changed:
        raise ChangedSince(
            details=[
                {"field": "seen", "message": f"{key} has changed by revision {latest}."}
                for key, latest in changed.items()
            ]
        )
