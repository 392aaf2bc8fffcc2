"""A workspace's webhooks and what was sent to them, for those who manage it. Never a secret, nor
what may hold one: whole addresses, and what receivers answered.
"""

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from apps.accounts.choices import Permission
from apps.accounts.models import Membership, Workspace
from apps.accounts.pages.entry import permits, person
from apps.accounts.selectors.seen import managed_workspaces
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.activity.services import webhooks
from apps.common.admin import BrowseAdmin, BrowseInline


class WebhookForm(forms.Form):
    workspace = forms.ModelChoiceField(queryset=Workspace.objects.none(), empty_label=None)
    url = forms.CharField(
        label="Address", max_length=2000, widget=forms.URLInput(attrs={"placeholder": "https://"})
    )
    event_types = forms.CharField(
        label="Events",
        initial="*",
        help_text="Types such as accounts.member.added, beginnings such as accounts.*, or * for "
        "all. Several are separated by commas.",
    )
    description = forms.CharField(
        max_length=200, required=False, help_text="Shown in place of the host."
    )

    def __init__(self, *args: Any, workspaces: QuerySet[Workspace], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["workspace"].queryset = workspaces  # type: ignore[attr-defined]

    def clean_event_types(self) -> list[str]:
        words = self.cleaned_data["event_types"].split(",")
        return [word.strip() for word in words if word.strip()]


class OverlapForm(forms.Form):
    overlap = forms.TypedChoiceField(
        label="Messages are signed with the old secret, too",
        coerce=int,
        choices=[(24, "for a day"), (168, "for a week"), (1, "for an hour"), (0, "no longer")],
    )


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(BrowseAdmin):
    when_empty = (
        "A webhook tells a program of yours what happens here. Who manages a workspace makes "
        "the first by the button above."
    )
    list_display = ("name", "host", "workspace", "state", "failures", "created_at")
    list_filter = (("disabled_at", admin.EmptyFieldListFilter),)
    list_select_related = ("workspace",)
    search_fields = ("description", "workspace__name")
    search_help_text = "Description or workspace"
    ordering = ("-created_at",)
    fields = (
        *("description", "host", "workspace", "wanted", "state", "failures", "log"),
        *("created_by", "created_at", "updated_at", "disabled_at"),
    )
    readonly_fields = ("host", "wanted", "state", "log")
    actions_list = ("add_webhook",)
    actions_detail = ("test", "rotate", "disable", "enable")

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

    @display(description="Events")
    def wanted(self, webhook: WebhookEndpoint) -> str:
        return "all" if "*" in webhook.event_types else ", ".join(webhook.event_types)

    @display(description="Deliveries")
    def log(self, webhook: WebhookEndpoint) -> str:
        found = webhook.messages.aggregate(
            delivered=Count("id", filter=Q(delivered_at__isnull=False)),
            failed=Count("id", filter=Q(failed_at__isnull=False)),
            waiting=Count("id", filter=Q(delivered_at__isnull=True, failed_at__isnull=True)),
        )
        said = ", ".join(f"{number} {state}" for state, number in found.items())
        address = reverse("admin:activity_webhookmessage_changelist")
        return format_html(
            '<a class="underline" href="{}?endpoint__id__exact={}">{}</a>',
            address,
            webhook.pk,
            said,
        )

    @action(description="New webhook", permissions=["add_webhook"], variant=ActionVariant.PRIMARY)
    def add_webhook(self, request: HttpRequest) -> HttpResponse:
        me = person(request)

        def do(asked: dict[str, Any]) -> HttpResponse:
            made = webhooks.create_webhook(
                workspace_id=asked["workspace"].id,
                url=asked["url"],
                event_types=asked["event_types"],
                description=asked["description"],
                created_by=me.id,
                actor=me,
            )
            return self._secret_of(request, made)

        return self.ask(
            request,
            verb="Make a webhook",
            consequence="It is told of what happens from now on. The secret that its messages are "
            "signed with is shown once, on the next page.",
            do=do,
            form_class=partial(WebhookForm, workspaces=_administered(request)),
            danger=False,
        )

    def has_add_webhook_permission(self, request: HttpRequest) -> bool:
        return _administered(request).exists()

    @action(description="Rotate secret", permissions=["manage"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        webhook = self.row(request, object_id)

        def do(asked: dict[str, Any]) -> HttpResponse:
            overlap = timedelta(hours=asked["overlap"])
            made = webhooks.rotate_secret(webhook=webhook, overlap=overlap, actor=person(request))
            return self._secret_of(request, made)

        return self.ask_first(
            request,
            object_id,
            verb="Rotate secret",
            consequence="Makes a new secret, shown once, on the next page.",
            do=do,
            form_class=OverlapForm,
            danger=False,
        )

    @action(
        description="Send a test", permissions=["manage_enabled"], variant=ActionVariant.PRIMARY
    )
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        webhook = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            webhooks.send_test(webhook=webhook, actor=person(request))
            return "A test is on its way: see Deliveries in a few seconds."

        return self.ask_first(
            request,
            object_id,
            verb="Send a test",
            consequence=f"Sends the event activity.webhook.tested to {webhook}.",
            do=do,
            danger=False,
        )

    @action(description="Disable", permissions=["manage_enabled"], variant=ActionVariant.DANGER)
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(
            request,
            object_id,
            on=False,
            verb="Disable",
            consequence="Nothing is sent to it until it is enabled again. What happens meanwhile "
            "is not sent later.",
        )

    @action(description="Enable", permissions=["manage_disabled"], variant=ActionVariant.PRIMARY)
    def enable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._switch(
            request,
            object_id,
            on=True,
            verb="Enable",
            consequence="It is sent what still waits, and what happens from now on.",
        )

    def has_manage_permission(self, request: HttpRequest, object_id: str) -> bool:
        workspace = self.row(request, object_id).workspace
        return permits(request, workspace, Permission.MANAGE_WORKSPACE)

    def has_manage_enabled_permission(self, request: HttpRequest, object_id: str) -> bool:
        enabled = self.row(request, object_id).enabled
        return enabled and self.has_manage_permission(request, object_id)

    def has_manage_disabled_permission(self, request: HttpRequest, object_id: str) -> bool:
        enabled = self.row(request, object_id).enabled
        return not enabled and self.has_manage_permission(request, object_id)

    def _switch(
        self, request: HttpRequest, object_id: str, *, on: bool, verb: str, consequence: str
    ) -> HttpResponse:
        webhook = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            webhooks.change_webhook(webhook=webhook, enabled=on, actor=person(request))
            return f"{webhook} is {'enabled' if on else 'disabled'}."

        return self.ask_first(
            request, object_id, verb=verb, consequence=consequence, do=do, danger=not on
        )

    def _secret_of(self, request: HttpRequest, made: webhooks.MadeWebhook) -> HttpResponse:
        return self.shown_once(
            request,
            made.endpoint,
            made.secret,
            what="The secret",
            advice="The receiver verifies with it what it is sent: docs/webhooks.md tells how.",
        )


def _administered(request: HttpRequest) -> QuerySet[Workspace]:
    """Those one may give a webhook: running the instance is not enough."""
    mine = Membership.objects.managing(person(request))
    return Workspace.objects.filter(id__in=mine.values("workspace")).order_by("name")


class OfWebhook(admin.RelatedOnlyFieldListFilter):
    """Also where there is only one to choose: Django would forget what was asked for."""

    def has_output(self) -> bool:
        return True


class Attempts(BrowseInline):
    model = WebhookAttempt
    fields = readonly_fields = ("at", "status", "error", "took")
    verbose_name_plural = "attempts"

    @display(description="Took")
    def took(self, attempt: WebhookAttempt) -> str:
        return f"{attempt.duration_ms:,} ms"


@admin.register(WebhookMessage)
class WebhookMessageAdmin(BrowseAdmin):
    when_empty = (
        "What was sent to webhooks stands here, and what came of each attempt. Nothing was yet."
    )
    list_display = ("event_type", "endpoint", "progress", "tries", "created_at", "delivered_at")
    list_display_links = ("event_type",)
    list_filter = (
        ("endpoint", OfWebhook),
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
            webhooks.replay_message(message=message, actor=person(request))
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
