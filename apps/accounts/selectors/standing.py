"""What somebody is in a workspace, and what that permits."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.choices import ActorKind, Permission, Role
from apps.accounts.errors import NotYourWorkspace, PeopleOnly, WorkspaceArchived
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.ports import Standing
from apps.accounts.rules import PERMISSIONS, effective_role
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound
from apps.common.prepared import prepared


def standing_of(*, actor: Actor, workspace_id: UUID) -> Standing | None:
    """What this actor is in this workspace; None: nothing, or there is no such workspace."""
    if actor.actor_kind == "system":
        found = Workspace.objects.visible_to(actor).filter(id=workspace_id).first()
        return _standing(found.id, Role.OWNER, found.archived_at) if found else None
    if actor.confined_to and actor.confined_to != workspace_id:
        return None
    for role, owner_role, archived_at, owner, tier in _membership(
        user=actor.actor_id, workspace=workspace_id
    ):
        effective = effective_role(role, owner_role)
        return _standing(workspace_id, effective, archived_at, owner=owner, tier=tier)
    return None


@prepared
def _membership(
    *, user: UUID, workspace: UUID
) -> QuerySet[Membership, tuple[str, str | None, datetime | None, UUID | None, str]]:
    mine = Membership.objects.standing().filter(user_id=user, workspace_id=workspace)
    return mine.values_list(  # type: ignore[misc]  # of which `standing` makes the second
        "role", "owner_role", "workspace__archived_at", "user__owner_id", "user__tier"
    )


def require(*, actor: Actor, workspace_id: UUID, permission: Permission) -> Standing:
    """The standing of an actor who may do this; otherwise the error that says why not."""
    standing = standing_of(actor=actor, workspace_id=workspace_id)
    if standing is None:
        raise NotFound
    require_permission(standing, permission)
    return standing


def require_permission(standing: Standing, permission: Permission) -> None:
    """An archived workspace is read-only, for everybody."""
    if not standing.permits(permission):
        raise NotAllowed(f"Your role here is {standing.role}, which does not permit this.")
    if standing.archived and permission != Permission.READ:
        raise WorkspaceArchived


def require_owner(*, actor: Actor, workspace_id: UUID) -> Standing:
    """For what only owners may do, also to an archived workspace."""
    standing = standing_of(actor=actor, workspace_id=workspace_id)
    if standing is None:
        raise NotFound
    if standing.role != Role.OWNER:
        raise NotAllowed("Only an owner of the workspace may do this.")
    return standing


def require_person(actor: Actor) -> None:
    if actor.actor_kind == ActorKind.AGENT:
        raise PeopleOnly


def workspace_for(*, user: User, wanted: UUID | None) -> Standing:
    """The workspace a call is about: the wanted one, the credential's, or the person's default."""
    chosen = wanted or user.confined_to or user.default_workspace_id
    if chosen is None:
        mine = Membership.objects.of(user).order_by("created_at", "id")
        chosen = mine.values_list("workspace_id", flat=True).first()
    standing = standing_of(actor=user, workspace_id=chosen) if chosen else None
    if standing is None:
        raise NotYourWorkspace
    return standing


def _standing(
    workspace_id: UUID,
    role: Role,
    archived_at: datetime | None,
    *,
    owner: UUID | None = None,
    tier: str = "",
) -> Standing:
    return Standing(
        workspace_id=workspace_id,
        role=role,
        permissions=PERMISSIONS[role],
        archived=archived_at is not None,
        owner=owner,
        tier=tier,
    )
