"""API keys and API logins. No page shows a secret or a hash, but the one that issues a key."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts.admin.forms import RotateForm
from apps.accounts.choices import Permission
from apps.accounts.models import ApiKey, TokenFamily
from apps.accounts.pages.entry import permits, person
from apps.accounts.selectors.seen import seen_keys
from apps.accounts.services import keys
from apps.accounts.services.browser import end_login
from apps.common.actors import operates
from apps.common.admin import BrowseAdmin
from apps.ledger.switch import stays_open


@admin.register(ApiKey)
class ApiKeyAdmin(BrowseAdmin):
    """The secret is nowhere: it was shown once. Its hash is not shown either."""

    when_empty = (
        "A key lets a program act as an agent, or as you. Issue a key, on the page of either, "
        "makes one and shows it once."
    )
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
    actions_detail = ("rotate", "revoke")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return seen_keys(person(request)).order_by(*self.ordering)

    @action(description="Rotate", permissions=["rotate"], variant=ActionVariant.PRIMARY)
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.row(request, object_id)

        def do(asked: dict[str, Any]) -> HttpResponse:
            grace = timedelta(hours=asked["grace"])
            issued = keys.rotate_key(key_id=key.id, grace=grace, actor=person(request))
            return self.shown_once(request, issued.key, issued.text)

        return self.ask_first(
            request,
            object_id,
            verb="Rotate",
            consequence="Makes a new key with the same rights. It is shown once, on the next page.",
            do=do,
            form_class=RotateForm,
            danger=False,
        )

    def has_rotate_permission(self, request: HttpRequest, object_id: str) -> bool:
        key = self.row(request, object_id)
        holds = person(request).id in (key.user_id, key.user.owner_id)
        return holds and self.state(key) == "usable" and key.replaced_by_id is None

    @action(description="Revoke", permissions=["revoke"], variant=ActionVariant.DANGER)
    @stays_open
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            keys.revoke_key(key_id=key.id, actor=person(request))
            return f"{key} is revoked."

        consequence = "Whoever uses it is out at once. It cannot be brought back."
        return self.ask_first(request, object_id, verb="Revoke", consequence=consequence, do=do)

    def has_revoke_permission(self, request: HttpRequest, object_id: str) -> bool:
        key = self.row(request, object_id)
        if key.revoked_at:
            return False
        holds = person(request).id in (key.user_id, key.user.owner_id)
        return holds or permits(request, key.workspace, Permission.MANAGE_MEMBERS)

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


@admin.register(TokenFamily)
class TokenFamilyAdmin(BrowseAdmin):
    """Logins through the API, each a family of refresh tokens that follow from it."""

    list_display = ("user", "state", "created_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__name", "user__email")
    search_help_text = "Person"
    ordering = ("-created_at",)
    fields = ("user", "state", "created_at", "ended_at")
    readonly_fields = ("state",)
    actions_detail = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TokenFamily]:
        rows = TokenFamily.objects.order_by(*self.ordering)
        return rows if operates(request.user) else rows.filter(user=person(request))

    @display(description="State", label={"open": "success", "ended": "danger"})
    def state(self, family: TokenFamily) -> str:
        return "ended" if family.ended_at else "open"

    @action(description="End", permissions=["end"], variant=ActionVariant.DANGER)
    @stays_open
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        family = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            end_login(family_id=family.id, actor=person(request))
            return "That client is signed out."

        consequence = "The client that holds its tokens is signed out at once."
        return self.ask_first(request, object_id, verb="End", consequence=consequence, do=do)

    def has_end_permission(self, request: HttpRequest, object_id: str) -> bool:
        return self.row(request, object_id).ended_at is None
