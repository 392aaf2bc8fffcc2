"""Links that a change has made doubtful, until somebody who may has looked at them."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.specs.models.graph import Node, Suspect


def suspects_of(*, workspace_id: UUID, actor: Actor, **asked: Any) -> QuerySet[Suspect]:
    """`asked`: equal to what is given, of node, node__owner_id, cause."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = Suspect.objects.standing().visible_to(actor).filter(workspace_id=workspace_id)
    return without_texts(found.filter(**asked).select_related("link", "node", "cause"))


def without_texts(found: QuerySet[Suspect]) -> QuerySet[Suspect]:
    """With nodes that they are about, which may be the same long one thousands of times."""
    texts = ("heading", "body", "attributes")
    return found.defer(*(f"{end}__{text}" for end in ("node", "cause") for text in texts))


def needed_to_clear(node: Node, actor: Actor) -> Permission:
    """Whoever looks after a node may say that it still is right. Of others, and of agents
    whatever they look after, it takes the right to decide."""
    looks_after = node.owner_id == actor.actor_id and actor.actor_kind != "agent"
    return Permission.WRITE if looks_after else Permission.DECIDE
