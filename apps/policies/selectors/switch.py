"""Kill switches that are on, as somebody may see them, and who may turn them."""

from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.accounts.choices import Permission
from apps.accounts.models import User, Workspace
from apps.accounts.selectors.standing import require_person, standing_of
from apps.common.actors import Actor, operates
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE


def seen_switches(actor: Actor) -> QuerySet[KillSwitch]:
    """That of everything, which concerns everybody, and those of one's workspaces; with the name
    of the workspace and of who pulled it. The one of everything comes first."""
    workspaces = Workspace.objects.filter(id=OuterRef("workspace_id"))
    people = User.objects.get_queryset().filter(id=OuterRef("pulled_by"))
    rows = KillSwitch.objects.annotate(
        workspace_name=Subquery(workspaces.values("name")),
        puller_name=Subquery(people.values("name")),
    ).order_by("workspace_id")
    if operates(actor):
        return rows
    mine = Workspace.objects.visible_to(actor).values("id")
    return rows.filter(Q(workspace_id=EVERYWHERE) | Q(workspace_id__in=mine))


def held_by_environment() -> bool:
    return bool(settings.KILL_SWITCH)


def may_turn(actor: Actor, workspace_id: UUID) -> bool:
    try:
        require_turning(actor=actor, workspace_id=workspace_id)
    except (NotAllowed, NotFound):
        return False
    return True


def require_turning(*, actor: Actor, workspace_id: UUID) -> None:
    """Owners and admins, that of their workspace, archived or not; operators all of them."""
    require_person(actor)
    if operates(actor):
        if workspace_id == EVERYWHERE or Workspace.objects.filter(id=workspace_id).exists():
            return
        raise NotFound
    if workspace_id == EVERYWHERE:
        raise NotAllowed("Only operators of this instance stop everything.")
    standing = standing_of(actor=actor, workspace_id=workspace_id)
    if standing is None:
        raise NotFound
    if not standing.permits(Permission.MANAGE_WORKSPACE):
        raise NotAllowed(f"Your role here is {standing.role}, which does not permit this.")
