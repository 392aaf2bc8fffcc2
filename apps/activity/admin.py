"""A workspace's webhooks and what was sent to them, for those who manage it. Never a secret, nor
what may hold one: whole addresses, and what receivers answered.
"""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from apps.accounts.browser.entry import permits, person
from apps.accounts.choices import Permission
from apps.accounts.console import managed_workspaces
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.activity.services.webhooks import replay_message
from apps.common.admin import BrowseAdmin, BrowseInline


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(BrowseAdmin):
    list_display = ("name", "host", "workspace", "state", "failures", "created_at")
    list_filter = (("disabled_at", admin.EmptyFieldListFilter),)
    list_select_related = ("workspace",)
    search_fields = ("description", "workspace__name")
    search_help_text = "Description or workspace"
    ordering = ("-created_at",)
    fields = (
        *("description", "host", "workspace", "event_types", "state", "failures"),
        *("created_by", "created_at", "updated_at", "disabled_at"),
    )
    readonly_fields = ("host", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        managed = managed_workspaces(person(request))
        return WebhookEndpoint.objects.filter(workspace__in=managed).order_by(*self.ordering)

    @display(description="Webhook", ordering="description")
    def name(self, webhook: WebhookEndpoint) -> str:
        return str(webhook)

    @display(description="Host")
    def host(self, webhook: WebhookEndpoint) -> str:
        return urlsplit(webhook.url).netloc

    @display(
        description="State", label={"enabled": "success", "disabled": "warning", "gone": "danger"}
    )
    def state(self, webhook: WebhookEndpoint) -> str:
        if webhook.enabled:
            return "enabled"
        return "gone" if webhook.disabled_because == "gone" else "disabled"


class Attempts(BrowseInline):
    model = WebhookAttempt
    fields = readonly_fields = ("at", "status", "error", "duration_ms")
    verbose_name_plural = "attempts"


@admin.register(WebhookMessage)
class WebhookMessageAdmin(BrowseAdmin):
    list_display = ("event_type", "endpoint", "progress", "tries", "created_at", "delivered_at")
    list_display_links = ("event_type",)
    list_filter = (
        ("delivered_at", admin.EmptyFieldListFilter),
        ("failed_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("event", "endpoint")
    paginator = InfinitePaginator
    ordering = ("-id",)
    fields = (
        *("event", "endpoint", "progress", "tries", "created_at"),
        *("next_at", "delivered_at", "failed_at"),
    )
    readonly_fields = ("progress",)
    inlines = (Attempts,)
    actions_detail = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookMessage]:
        managed = managed_workspaces(person(request))
        rows = WebhookMessage.objects.filter(endpoint__workspace__in=managed)
        return rows.order_by(*self.ordering)

    @display(description="Event", ordering="event__type")
    def event_type(self, message: WebhookMessage) -> str:
        return message.event.type

    @display(
        description="State",
        label={"waiting": "info", "delivered": "success", "failed": "danger"},
    )
    def progress(self, message: WebhookMessage) -> str:
        return message.state.value

    @action(description="Replay", permissions=["replay"], variant=ActionVariant.PRIMARY)
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            replay_message(message=message, actor=person(request))
            return f"It will be sent to {message.endpoint} again."

        consequence = (
            f"Sent to {message.endpoint} under the same id, whether it had arrived or not."
        )
        return self.ask_first(
            request, object_id, verb="Replay", consequence=consequence, do=do, danger=False
        )

    def has_replay_permission(self, request: HttpRequest, object_id: str) -> bool:
        workspace = self.row(request, object_id).endpoint.workspace
        return permits(request, workspace, Permission.MANAGE_WORKSPACE)
