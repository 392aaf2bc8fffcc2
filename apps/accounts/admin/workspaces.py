"""Workspaces, who belongs to them and who is invited."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts.admin.forms import InviteForm, RoleForm
from apps.accounts.choices import Permission, Role
from apps.accounts.models import Invitation, Membership, Workspace
from apps.accounts.pages.entry import permits, person
from apps.accounts.selectors.seen import managed_workspaces
from apps.accounts.selectors.standing import standing_of
from apps.accounts.services import invitations, members, workspaces
from apps.common.admin import BrowseAdmin, BrowseInline
from apps.ledger.switch import stays_open


class MembersOf(BrowseInline):
    model = Membership
    fields = readonly_fields = ("user", "role", "created_at")
    verbose_name_plural = "members"
    ordering = ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.select_related("user")


@admin.register(Workspace)
class WorkspaceAdmin(BrowseAdmin):
    list_display = ("name", "kind", "members", "state", "created_at")
    list_filter = ("kind",)
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("name",)
    inlines = (MembersOf,)
    actions_detail = ("invite", "archive", "unarchive")
    fields = ("name", "kind", "state", "created_at", "updated_at", "archived_at", "deleted_at")
    readonly_fields = ("state",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Workspace]:
        return super().get_queryset(request).annotate(member_count=Count("memberships"))

    @display(description="Members", ordering="member_count")
    def members(self, workspace: Any) -> int:
        return int(workspace.member_count)

    @display(
        description="State", label={"open": "success", "archived": "warning", "deleted": "danger"}
    )
    def state(self, workspace: Workspace) -> str:
        if workspace.deleted_at:
            return "deleted"
        return "archived" if workspace.is_archived else "open"

    @action(description="Invite", permissions=["invite"], variant=ActionVariant.PRIMARY)
    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workspace = self.row(request, object_id)

        def do(asked: dict[str, Any]) -> str:
            invitations.create_invitation(
                workspace_id=workspace.id,
                email=asked["email"],
                role=Role(asked["role"]),
                actor=person(request),
            )
            return f"A mail to {asked['email']} is on its way."

        return self.ask_first(
            request,
            object_id,
            verb="Invite",
            consequence="They get a mail with a link, and join when they follow it.",
            do=do,
            form_class=InviteForm,
            danger=False,
        )

    def has_invite_permission(self, request: HttpRequest, object_id: str) -> bool:
        return permits(request, self.row(request, object_id), Permission.MANAGE_MEMBERS)

    @action(description="Archive", permissions=["archive"], variant=ActionVariant.DANGER)
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workspace = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            workspaces.archive_workspace(workspace_id=workspace.id, actor=person(request))
            return f"{workspace} is archived."

        consequence = "From now on it can be read, and nothing in it changes, until it is reopened."
        return self.ask_first(request, object_id, verb="Archive", consequence=consequence, do=do)

    def has_archive_permission(self, request: HttpRequest, object_id: str) -> bool:
        return not self.row(request, object_id).is_archived and self._owns(request, object_id)

    @action(description="Reopen", permissions=["unarchive"], variant=ActionVariant.PRIMARY)
    def unarchive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        workspace = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            workspaces.unarchive_workspace(workspace_id=workspace.id, actor=person(request))
            return f"{workspace} is open again."

        return self.ask_first(
            request, object_id, verb="Reopen", consequence="Work goes on.", do=do, danger=False
        )

    def has_unarchive_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self.row(request, object_id).is_archived and self._owns(request, object_id)

    def _owns(self, request: HttpRequest, object_id: str) -> bool:
        workspace = self.row(request, object_id)
        standing = standing_of(actor=person(request), workspace_id=workspace.id)
        return standing is not None and standing.role == Role.OWNER


@admin.register(Membership)
class MembershipAdmin(BrowseAdmin):
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__name", "user__email", "workspace__name")
    search_help_text = "Person, agent or workspace"
    ordering = ("-created_at",)
    fields = ("user", "workspace", "role", "created_at")
    actions_detail = ("change_role", "remove")

    @action(description="Change the role", permissions=["manage"], variant=ActionVariant.PRIMARY)
    def change_role(self, request: HttpRequest, object_id: str) -> HttpResponse:
        membership = self.row(request, object_id)

        def do(asked: dict[str, Any]) -> str:
            members.change_role(
                workspace_id=membership.workspace_id,
                user_id=membership.user_id,
                role=Role(asked["role"]),
                actor=person(request),
            )
            return f"{membership.user} is {asked['role']} now."

        return self.ask_first(
            request,
            object_id,
            verb="Change the role",
            consequence=f"Now: {membership.get_role_display()}.",
            do=do,
            form_class=RoleForm,
            danger=False,
        )

    @action(description="Remove", permissions=["manage"], variant=ActionVariant.DANGER)
    def remove(self, request: HttpRequest, object_id: str) -> HttpResponse:
        membership = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            members.remove_member(
                workspace_id=membership.workspace_id,
                user_id=membership.user_id,
                actor=person(request),
            )
            return f"{membership.user} has left {membership.workspace}."

        consequence = "Their agents leave with them, and the keys all of them have here end."
        return self.ask_first(request, object_id, verb="Remove", consequence=consequence, do=do)

    def has_manage_permission(self, request: HttpRequest, object_id: str) -> bool:
        workspace = self.row(request, object_id).workspace
        return permits(request, workspace, Permission.MANAGE_MEMBERS)


@admin.register(Invitation)
class InvitationAdmin(BrowseAdmin):
    when_empty = (
        "Invite, on the page of a workspace, mails somebody the way in. Here stands who was "
        "invited, and who has accepted."
    )
    list_display = ("email", "workspace", "role", "invited_by", "state", "expires_at")
    list_filter = ("role",)
    list_select_related = ("workspace", "invited_by")
    search_fields = ("email", "workspace__name")
    search_help_text = "E-mail or workspace"
    ordering = ("-created_at",)
    fields = (
        *("email", "workspace", "role", "invited_by", "state", "created_at"),
        *("sent_at", "expires_at", "accepted_at", "revoked_at"),
    )
    readonly_fields = ("state",)
    actions_detail = ("resend", "revoke")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        rows = Invitation.objects.filter(workspace__in=managed_workspaces(person(request)))
        return rows.order_by(*self.ordering)

    @action(description="Send again", permissions=["manage"], variant=ActionVariant.PRIMARY)
    def resend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invitation = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            invitations.resend_invitation(invitation_id=invitation.id, actor=person(request))
            return f"Another mail to {invitation.email} is on its way."

        consequence = "Another mail with another link; the link before stops working."
        return self.ask_first(
            request, object_id, verb="Send again", consequence=consequence, do=do, danger=False
        )

    @action(description="Revoke", permissions=["manage"], variant=ActionVariant.DANGER)
    @stays_open
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invitation = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            invitations.revoke_invitation(invitation_id=invitation.id, actor=person(request))
            return f"The invitation of {invitation.email} is revoked."

        consequence = "The link in their mail stops working."
        return self.ask_first(request, object_id, verb="Revoke", consequence=consequence, do=do)

    def has_manage_permission(self, request: HttpRequest, object_id: str) -> bool:
        invitation = self.row(request, object_id)
        if invitation.accepted_at or invitation.revoked_at:
            return False
        return permits(request, invitation.workspace, Permission.MANAGE_MEMBERS)

    @display(
        description="State",
        label={"open": "info", "accepted": "success", "expired": "warning", "revoked": "danger"},
    )
    def state(self, invitation: Invitation) -> str:
        if invitation.accepted_at:
            return "accepted"
        if invitation.revoked_at:
            return "revoked"
        return "expired" if invitation.expires_at <= timezone.now() else "open"
