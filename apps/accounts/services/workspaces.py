"""Workspaces: their life from creation to deletion. Who belongs to them is in members."""

from uuid import UUID

from django.utils import timezone

from apps.accounts import events
from apps.accounts.choices import Permission, Role, WorkspaceKind
from apps.accounts.errors import (
    ExportOutdated,
    ExportRequired,
    InvalidRole,
    PersonalWorkspace,
    WorkspaceArchived,
)
from apps.accounts.models import (
    ApiKey,
    DataKey,
    Invitation,
    Membership,
    SocketTicket,
    User,
    Workspace,
    WorkspaceExport,
)
from apps.accounts.ports import Standing
from apps.accounts.selectors.standing import require, require_owner, require_person
from apps.accounts.services.names import readable
from apps.accounts.services.people import refresh_console_access
from apps.common.actors import Actor
from apps.common.errors import NotAllowed, NotFound
from apps.ledger.models import Event
from apps.ledger.services import record, unit


def create_workspace(*, name: str, owner: User, actor: Actor) -> Workspace:
    require_person(actor)
    require_person(owner)
    if actor.confined_to or (actor.actor_id != owner.id and actor.actor_kind != "system"):
        raise NotAllowed
    workspace = Workspace(name=readable(name), kind=WorkspaceKind.ORGANIZATION)
    with unit(actor=actor, workspace=workspace.id):
        workspace.save(force_insert=True)
        Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
        if owner.default_workspace_id is None:
            User.objects.filter(id=owner.id).update(default_workspace=workspace)
        refresh_console_access(owner.id)
        record(events.WorkspaceCreated(workspace=workspace.id, kind=workspace.kind))
    return workspace


def rename_workspace(*, workspace_id: UUID, name: str, actor: Actor) -> Workspace:
    name = readable(name)
    with unit(actor=actor, workspace=workspace_id):
        workspace, _ = lock_workspace(workspace_id, actor, Permission.MANAGE_WORKSPACE)
        if workspace.name != name:
            workspace.name = name
            workspace.save(update_fields=["name", "updated_at"])
            record(events.WorkspaceRenamed(workspace=workspace_id))
    return workspace


def archive_workspace(*, workspace_id: UUID, actor: Actor) -> Workspace:
    """From now on it can be read, and nothing else."""
    with unit(actor=actor, workspace=workspace_id):
        workspace = _lock_owned(workspace_id, actor)
        if not workspace.is_archived:
            workspace.archived_at = timezone.now()
            workspace.save(update_fields=["archived_at", "updated_at"])
            record(events.WorkspaceArchived(workspace=workspace_id))
    return workspace


def unarchive_workspace(*, workspace_id: UUID, actor: Actor) -> Workspace:
    with unit(actor=actor, workspace=workspace_id):
        workspace = _lock_owned(workspace_id, actor)
        if workspace.is_archived:
            workspace.archived_at = None
            workspace.save(update_fields=["archived_at", "updated_at"])
            record(events.WorkspaceUnarchived(workspace=workspace_id))
    return workspace


def transfer_ownership(*, workspace_id: UUID, to_person: UUID, actor: Actor) -> Membership:
    """The owner who does it becomes an admin; other owners stay."""
    with unit(actor=actor, workspace=workspace_id):
        workspace = _lock_owned(workspace_id, actor)
        if workspace.kind == WorkspaceKind.PERSONAL:
            raise PersonalWorkspace
        if workspace.is_archived:
            raise WorkspaceArchived
        theirs = Membership.objects.standing().filter(workspace=workspace)
        heir = theirs.filter(user_id=to_person).select_related("user").first()
        mine = theirs.filter(user_id=actor.actor_id).first()
        if heir is None or mine is None:
            raise NotFound
        if heir.user.is_agent:
            raise InvalidRole("An agent cannot own a workspace.")
        if heir.id != mine.id:
            heir.role, mine.role = Role.OWNER, Role.ADMIN
            heir.save(update_fields=["role"])
            mine.save(update_fields=["role"])
            refresh_console_access(heir.user_id)
            record(
                events.OwnershipTransferred(
                    workspace=workspace_id, from_owner=mine.user_id, to_owner=heir.user_id
                )
            )
    return heir


def delete_workspace(*, workspace_id: UUID, export_digest: str, actor: Actor) -> None:
    """Everybody is out, every key revoked, and the data keys are destroyed: encrypted texts are
    gone at once, wherever copies lie. The audit stays. Only after a full export, whose digest the
    caller has to show, and since which nothing has happened.
    """
    with unit(actor=actor, workspace=workspace_id):
        workspace = _lock_owned(workspace_id, actor)
        _require_fresh_export(workspace, export_digest)
        now = timezone.now()
        people = list(Membership.objects.filter(workspace=workspace).values_list("user", flat=True))
        keys = ApiKey.objects.filter(workspace=workspace, revoked_at__isnull=True)
        revoked = keys.update(revoked_at=now)
        SocketTicket.objects.filter(workspace=workspace).delete()
        Invitation.objects.filter(workspace=workspace).delete()
        Membership.objects.filter(workspace=workspace).delete()
        DataKey.objects.filter(workspace=workspace).delete()
        User.objects.filter(default_workspace=workspace).update(default_workspace=None)
        workspace.deleted_at, workspace.name = now, ""
        workspace.save(update_fields=["deleted_at", "name", "updated_at"])
        for user_id in sorted(people):
            refresh_console_access(user_id)
        record(
            events.WorkspaceDeleted(
                workspace=workspace_id,
                export_digest=export_digest,
                members=len(people),
                keys_revoked=revoked,
            )
        )


def lock_workspace(
    workspace_id: UUID, actor: Actor, permission: Permission
) -> tuple[Workspace, Standing]:
    """The row that everything about a workspace's people is serialised on, and who one is there.

    The standing is read after the lock: a demotion that came first counts.
    """
    workspace = _lock(workspace_id, actor)
    return workspace, require(actor=actor, workspace_id=workspace_id, permission=permission)


def _lock_owned(workspace_id: UUID, actor: Actor) -> Workspace:
    workspace = _lock(workspace_id, actor)
    require_owner(actor=actor, workspace_id=workspace_id)
    return workspace


def _lock(workspace_id: UUID, actor: Actor) -> Workspace:
    found = Workspace.objects.visible_to(actor).select_for_update().filter(id=workspace_id).first()
    if found is None:
        raise NotFound
    return found


def _require_fresh_export(workspace: Workspace, digest: str) -> None:
    if not digest:
        raise ExportRequired
    export = WorkspaceExport.objects.filter(workspace=workspace).order_by("-created_at").first()
    if export is None:
        raise ExportRequired
    since = Event.objects.filter(workspace_id=workspace.id, seq__gt=export.seq)
    if export.digest != digest or since.exclude(type=events.WorkspaceExported.type).exists():
        raise ExportOutdated
