"""The console's pages of people, agents, workspaces, credentials, and of the record."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from apps.accounts.console import seen_events, seen_workspaces
from apps.accounts.models import ApiKey, Invitation, Membership, User, Workspace
from apps.common.admin import BrowseAdmin, BrowseInline
from apps.ledger.models import Delivery, Event


class MembersOf(BrowseInline):
    model = Membership
    fields = readonly_fields = ("user", "role", "created_at")
    verbose_name_plural = "members"
    ordering = ("created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.select_related("user")


class MembershipsOf(BrowseInline):
    model = Membership
    fk_name = "user"
    fields = readonly_fields = ("workspace", "role", "created_at")
    verbose_name_plural = "memberships"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        if not request.user.is_superuser:
            rows = rows.filter(workspace__in=Workspace.objects.visible_to(request.user))  # type: ignore[arg-type]
        return rows.select_related("workspace")


@admin.register(User)
class UserAdmin(BrowseAdmin):
    list_display = ("who", "email", "kind_label", "active", "owner", "tier", "created_at")
    list_filter = ("kind", "is_active")
    list_select_related = ("owner",)
    search_fields = ("name", "email")
    search_help_text = "Name or e-mail"
    ordering = ("-created_at",)
    inlines = (MembershipsOf,)
    fieldsets = (
        (None, {"fields": ("name", "email", "kind", "owner", "is_active")}),
        ("Settings", {"fields": ("tier", "time_zone", "default_workspace")}),
        ("Rights", {"fields": ("is_staff", "is_superuser")}),
        ("Times", {"fields": ("created_at", "updated_at", "last_login")}),
    )

    @display(description="Name", ordering="name")
    def who(self, user: User) -> str:
        return str(user)

    @display(description="Kind", ordering="kind", label={"Person": "info", "Agent": "warning"})
    def kind_label(self, user: User) -> str:
        return user.get_kind_display()

    @display(description="Active", ordering="is_active", label={"yes": "success", "no": "danger"})
    def active(self, user: User) -> str:
        return "yes" if user.is_active else "no"


@admin.register(Workspace)
class WorkspaceAdmin(BrowseAdmin):
    list_display = ("name", "kind", "members", "state", "created_at")
    list_filter = ("kind",)
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("name",)
    inlines = (MembersOf,)
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


@admin.register(Membership)
class MembershipAdmin(BrowseAdmin):
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__name", "user__email", "workspace__name")
    search_help_text = "Person, agent or workspace"
    ordering = ("-created_at",)
    fields = ("user", "workspace", "role", "created_at")


@admin.register(ApiKey)
class ApiKeyAdmin(BrowseAdmin):
    """The secret is nowhere: it was shown once. Its hash is not shown either."""

    list_display = (
        "name",
        "public",
        "user",
        "workspace",
        "state",
        "last_used_at",
        "expires_at",
    )
    list_select_related = ("user", "workspace")
    search_fields = ("name", "public_id", "user__name", "user__email")
    search_help_text = "Name, public id or holder"
    ordering = ("-created_at",)
    fields = (
        "name",
        "public",
        "user",
        "workspace",
        "scopes",
        "state",
        "demo",
        "created_by",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
        "replaced_by",
    )
    readonly_fields = ("public", "state")

    @display(description="Key", ordering="public_id")
    def public(self, key: ApiKey) -> str:
        return f"lat_{key.public_id}_…"

    @display(
        description="State", label={"usable": "success", "expired": "warning", "revoked": "danger"}
    )
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return "revoked"
        return "expired" if key.expires_at and key.expires_at <= timezone.now() else "usable"


@admin.register(Invitation)
class InvitationAdmin(BrowseAdmin):
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invitation]:
        rows = Invitation.objects.filter(workspace__in=seen_workspaces(request.user))  # type: ignore[arg-type]
        return rows.order_by(*self.ordering)

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


@admin.register(Event)
class EventAdmin(BrowseAdmin):
    """The record itself: nobody changes it, and the database refuses whoever tries."""

    list_display = ("at", "type", "seq", "actor_kind", "via", "request_id")
    paginator = InfinitePaginator  # nobody counts a table that only grows
    list_display_links = ("at", "type")
    search_fields = ("type", "=request_id")
    search_help_text = "Type or request id"
    ordering = ("-id",)
    fields = (
        *("at", "type", "workspace_id", "seq", "actor_kind", "actor_id", "via"),
        *("request_id", "trace_id", "payload", "digest"),
    )
    readonly_fields = ("digest",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return seen_events(request.user).order_by(*self.ordering)  # type: ignore[arg-type]

    @display(description="Hash")
    def digest(self, event: Event) -> str:
        return bytes(event.hash).hex()


@admin.register(Delivery)
class DeliveryAdmin(BrowseAdmin):
    list_display = ("subscription", "event_type", "attempts", "next_at", "done_at")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    paginator = InfinitePaginator
    list_select_related = ("event",)
    ordering = ("-id",)
    fields = ("subscription", "event", "attempts", "next_at", "done_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows = Delivery.objects.filter(event__in=seen_events(request.user))  # type: ignore[arg-type]
        return rows.order_by(*self.ordering)

    @display(description="Event", ordering="event__type")
    def event_type(self, delivery: Delivery) -> str:
        return delivery.event.type
