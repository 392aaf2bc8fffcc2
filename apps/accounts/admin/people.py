"""People and agents: looked at, issued keys, disabled and enabled."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts.admin.forms import KeyForm
from apps.accounts.models import Membership, User
from apps.accounts.pages.entry import person
from apps.accounts.selectors.seen import seen_workspaces
from apps.accounts.services import agents, keys, people
from apps.common.actors import operates
from apps.common.admin import BrowseAdmin, BrowseInline
from apps.ledger.switch import stays_open


class MembershipsOf(BrowseInline):
    model = Membership
    fk_name = "user"
    fields = readonly_fields = ("workspace", "role", "created_at")
    verbose_name_plural = "memberships"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.filter(workspace__in=seen_workspaces(person(request))).select_related(
            "workspace"
        )


@admin.register(User)
class UserAdmin(BrowseAdmin):
    list_display = ("who", "email", "kind_label", "active", "owner", "tier", "created_at")
    list_filter = ("kind", "is_active")
    list_select_related = ("owner",)
    search_fields = ("name", "email")
    search_help_text = "Name or e-mail"
    ordering = ("-created_at",)
    inlines = (MembershipsOf,)
    actions_detail = ("disable", "enable", "issue_key")
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

    @action(description="Disable", permissions=["disable"], variant=ActionVariant.DANGER)
    @stays_open
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user, actor = self.row(request, object_id), person(request)

        def do(_: dict[str, Any]) -> str:
            if user.is_agent:
                place = self._shared_workspace(request, user)
                agents.disable_agent(agent_id=user.id, workspace_id=place, actor=actor)
            else:
                people.disable_person(person_id=user.id, actor=actor)
            return f"{user} is out."

        consequence = "Signs them out everywhere at once. Keys and agents of theirs stop as well."
        return self.ask_first(request, object_id, verb="Disable", consequence=consequence, do=do)

    def has_disable_permission(self, request: HttpRequest, object_id: str) -> bool:
        user = self.row(request, object_id)
        return user.is_active and user != request.user and self._may_switch(request, user)

    @action(description="Enable", permissions=["enable"], variant=ActionVariant.PRIMARY)
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user, actor = self.row(request, object_id), person(request)

        def do(_: dict[str, Any]) -> str:
            if user.is_agent:
                place = self._shared_workspace(request, user)
                agents.enable_agent(agent_id=user.id, workspace_id=place, actor=actor)
            else:
                people.enable_person(person_id=user.id, actor=actor)
            return f"{user} is back."

        consequence = "They may sign in again, and keys that were not revoked work again."
        return self.ask_first(
            request, object_id, verb="Enable", consequence=consequence, do=do, danger=False
        )

    def has_enable_permission(self, request: HttpRequest, object_id: str) -> bool:
        user = self.row(request, object_id)
        return not user.is_active and self._may_switch(request, user)

    @action(description="Issue a key", permissions=["issue"], variant=ActionVariant.PRIMARY)
    def issue_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self.row(request, object_id)

        def do(asked: dict[str, Any]) -> HttpResponse:
            days = asked["days"]
            issued = keys.issue_key(
                holder=user,
                workspace_id=self._shared_workspace(request, user),
                name=asked["name"],
                scopes=asked["scopes"],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                actor=person(request),
            )
            return self.shown_once(request, user, issued.text)

        return self.ask_first(
            request,
            object_id,
            verb="Issue a key",
            consequence="The key is shown once, on the next page.",
            do=do,
            form_class=KeyForm,
            danger=False,
        )

    def has_issue_permission(self, request: HttpRequest, object_id: str) -> bool:
        user = self.row(request, object_id)
        mine = person(request).id in (user.id, user.owner_id)
        return mine and user.is_active and self._shared_workspace(request, user) is not None

    def _may_switch(self, request: HttpRequest, user: User) -> bool:
        if user.is_agent:
            return self._shared_workspace(request, user) is not None
        return operates(request.user)

    def _shared_workspace(self, request: HttpRequest, user: User) -> Any:
        """Where both belong, the user's default first: agents are switched in a workspace."""
        shared = Membership.objects.of(person(request)).filter(
            workspace__in=Membership.objects.filter(user=user).values("workspace")
        )
        found = list(shared.order_by("created_at").values_list("workspace_id", flat=True))
        return (
            user.default_workspace_id
            if user.default_workspace_id in found
            else next(iter(found), None)
        )
