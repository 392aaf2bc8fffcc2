"""Who belongs to a workspace, and as what. Every change holds the workspace's row."""

from uuid import UUID

from django.utils import timezone

from apps.accounts import events
from apps.accounts.choices import ActorKind, Permission, Role, WorkspaceKind
from apps.accounts.errors import AlreadyMember, InvalidRole, LastOwner, PersonalWorkspace
from apps.accounts.models import ApiKey, Membership, User, Workspace
from apps.accounts.rules import AGENT_ROLES, may_change, may_grant
from apps.accounts.services.people import refresh_console_access
from apps.accounts.services.workspaces import lock_workspace
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.services import record, unit


def add_member(*, workspace_id: UUID, user: User, role: Role, actor: Actor) -> Membership:
    """At once, without asking them: for commands, and for agents. People are invited."""
    with unit(actor=actor, workspace=workspace_id):
        workspace, standing = lock_workspace(workspace_id, actor, Permission.MANAGE_MEMBERS)
        if not may_grant(standing.role, role):
            raise NotAllowed("You cannot give a role above your own.")
        membership = admit(workspace, user, role)
        record(events.MemberAdded(member=user.id, role=role))
    return membership


def admit(workspace: Workspace, user: User, role: Role) -> Membership:
    """A step of adding, inviting and creating agents: the caller holds the workspace, records."""
    if workspace.kind == WorkspaceKind.PERSONAL and not user.is_agent:
        raise PersonalWorkspace
    _require_fitting(user, role)
    membership, added = Membership.objects.get_or_create(
        workspace=workspace, user=user, defaults={"role": role}
    )
    if not added:
        raise AlreadyMember
    refresh_console_access(user.id)
    return membership


def change_role(*, workspace_id: UUID, user_id: UUID, role: Role, actor: Actor) -> Membership:
    with unit(actor=actor, workspace=workspace_id):
        workspace, standing = lock_workspace(workspace_id, actor, Permission.MANAGE_MEMBERS)
        membership = _membership(workspace, user_id)
        if membership.role == role:
            return membership
        if not may_change(standing.role, membership.role, role):
            raise NotAllowed("You cannot change a role to or from one above your own.")
        _require_fitting(membership.user, role)
        if membership.role == Role.OWNER:
            _require_another_owner(membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        refresh_console_access(user_id)
        record(events.MemberRoleChanged(member=user_id, before=before, after=role))
    return membership


def remove_member(*, workspace_id: UUID, user_id: UUID, actor: Actor) -> None:
    """Their agents go with them, and what keys they had here end."""
    with unit(actor=actor, workspace=workspace_id):
        workspace, standing = lock_workspace(workspace_id, actor, Permission.MANAGE_MEMBERS)
        membership = _membership(workspace, user_id)
        if not may_grant(standing.role, membership.role):
            raise NotAllowed("You cannot remove somebody whose role is above your own.")
        agents = _end(membership)
        record(events.MemberRemoved(member=user_id, role=membership.role, agents_removed=agents))


def leave_workspace(*, workspace_id: UUID, actor: Actor) -> None:
    with unit(actor=actor, workspace=workspace_id):
        workspace, _ = lock_workspace(workspace_id, actor, Permission.READ)
        membership = _membership(workspace, actor.actor_id)
        if membership.user.is_agent:
            raise NotAllowed("An agent does not leave: its owner disables or removes it.")
        agents = _end(membership)
        record(
            events.MemberLeft(member=actor.actor_id, role=membership.role, agents_removed=agents)
        )


def _end(membership: Membership) -> list[UUID]:
    """Removes it, and the memberships and keys of the agents that stood on it."""
    workspace = membership.workspace
    if membership.role == Role.OWNER:
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspace
        _require_another_owner(membership)
    theirs = Membership.objects.filter(workspace=workspace, user__owner_id=membership.user_id)
    agents = sorted(theirs.values_list("user_id", flat=True))
    gone = [membership.user_id, *agents]
    keys = ApiKey.objects.filter(workspace=workspace, user_id__in=gone, revoked_at__isnull=True)
    keys.update(revoked_at=timezone.now())
    theirs.delete()
    Membership.objects.filter(id=membership.id).delete()
    User.objects.filter(id__in=gone, default_workspace=workspace).update(default_workspace=None)
    refresh_console_access(membership.user_id)
    return agents


def _membership(workspace: Workspace, user_id: UUID) -> Membership:
    """Also one that does not stand: a disabled member can be removed."""
    rows = Membership.objects.filter(workspace=workspace, user_id=user_id)
    membership = rows.select_related("user", "workspace").first()
    if membership is None:
        raise NotFound
    return membership


def _require_another_owner(membership: Membership) -> None:
    others = Membership.objects.standing().filter(
        workspace=membership.workspace, role=Role.OWNER, user__kind=ActorKind.PERSON
    )
    if not others.exclude(id=membership.id).exists():
        raise LastOwner


def _require_fitting(user: User, role: Role) -> None:
    if user.is_agent and role not in AGENT_ROLES:
        allowed = " or ".join(AGENT_ROLES)
        raise InvalidRole(f"An agent is {allowed}: deciding and managing are for people.")
