"""What the console says of specs: what is to be looked at again, and what the palette finds."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from apps.accounts.models import User
from apps.common.actors import Actor
from apps.common.ports import Found, Reading, finder, tile
from apps.common.texts.hidden import spelled_out
from apps.specs.errors import SearchTooSlow
from apps.specs.models.graph import Node, Suspect
from apps.specs.search.asked import asked_in
from apps.specs.search.statement import NOTHING_NEAR, Scope
from apps.specs.services.searching import find

FEW = 8
COUNTED = 1_000
"""Of more it is said that they are more."""


@tile(title="Suspect specs", icon="account_tree", order=9)
def suspect_specs(actor: Actor) -> Reading | None:
    """Those that one looks after come first: nobody else is asked about them."""
    live = Node.objects.visible_to(actor).live()
    suspect = live.filter(id__in=Suspect.objects.standing().visible_to(actor).values("node"))
    owned = suspect.values_list("id", "owner_id")[:COUNTED]
    found: list[UUID | None] = [owner for _, owner in owned]
    if not found and not live.exists():
        return None
    mine = found.count(actor.actor_id)
    return Reading(
        mine,
        note=f"you look after; {len(found)} in all" if found else "nothing to look at again",
        url=f"{reverse('admin:specs')}?suspect=1",
        tone="attention" if mine else "good",
    )


@finder
def find_specs(actor: Actor, words: str) -> Iterable[Found]:
    """By a key, present or former, or words of a title; then, of one's own workspace, by what they
    say. While somebody types no model is asked."""
    wanted = Q(keys__key__istartswith=words) | Q(title__icontains=words)
    live = Node.objects.visible_to(actor).live().filter(wanted).distinct()
    named = list(live.order_by("key", "id")[:FEW])
    yield from map(_found, named)
    own = actor.default_workspace_id if isinstance(actor, User) else None
    asked = asked_in(words)
    if own is None or asked.is_empty:
        return
    try:
        said = find(asked, Scope(workspace=own), NOTHING_NEAR, most=FEW)
    except SearchTooSlow:
        return
    known = {row.id for row in named}
    ids = [hit.version.node_id for hit in said if hit.version.node_id not in known]
    seen = Node.objects.visible_to(actor).live().in_bulk(ids) if ids else {}
    yield from (_found(seen[id_]) for id_ in ids[: FEW - len(named)] if id_ in seen)


def _found(row: Node) -> Found:
    return Found(
        title=f"{row.key} {spelled_out(row.title)}",
        description=row.kind.capitalize(),
        link=reverse("admin:specs_node", args=[row.workspace_id, row.key]),
        icon="account_tree",
    )
