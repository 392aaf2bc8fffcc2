"""Views of the queue that somebody keeps under a name. They concern nobody else, so they are not on
record.
"""

from uuid import UUID

from apps.accounts.models import User
from apps.accounts.selectors.standing import require_person
from apps.approvals.models.people import KeptView
from apps.common.actors import Actor
from apps.common.errors import Conflict, Invalid
from apps.common.texts.hidden import spelled_out
from apps.ledger.services import unit

MOST = 30
LONGEST_NAME = 60


def keep_view(*, name: str, query: str, actor: Actor) -> KeptView:
    """Under a name that they have used before, it takes its place."""
    require_person(actor)
    name = spelled_out(" ".join(name.split()))
    if not 0 < len(name) <= LONGEST_NAME:
        message = f"Give it a name of 1 to {LONGEST_NAME} letters."
        raise Invalid(details=[{"field": "name", "message": message}])
    with unit(actor=actor):
        User.objects.get_queryset().select_for_update(no_key=True).get(id=actor.actor_id)
        others = KeptView.objects.filter(person_id=actor.actor_id).exclude(name=name)
        if others.count() >= MOST:
            raise Conflict(f"You keep {MOST} views, which is the most: forget one first.")
        view: KeptView
        view, _ = KeptView.objects.update_or_create(
            person_id=actor.actor_id, name=name, defaults={"query": query}
        )
    return view


def forget_view(*, view_id: UUID, actor: Actor) -> None:
    """One that is not theirs, or is gone, stays as it is."""
    require_person(actor)
    with unit(actor=actor):
        KeptView.objects.filter(id=view_id, person_id=actor.actor_id).delete()
