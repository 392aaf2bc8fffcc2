"""The record's pages: its events as far as one's workspaces go, and what is owed of them."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from apps.accounts.pages.entry import person
from apps.activity.selectors.events import seen_events
from apps.common.actors import operates
from apps.common.admin import BrowseAdmin
from apps.ledger import deliveries
from apps.ledger.models import Delivery, Event


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
    when_empty = (
        "What other parts of Lattice are owed of an event stands here until it is done, and for "
        "a while after."
    )
    list_display = ("subscription", "event_type", "state", "attempts", "next_at", "done_at")
    list_filter = (
        ("done_at", admin.EmptyFieldListFilter),
        ("parked_at", admin.EmptyFieldListFilter),
    )
    paginator = InfinitePaginator
    list_select_related = ("event",)
    ordering = ("-id",)
    fields = (
        *("subscription", "event", "state", "attempts", "last_error"),
        *("next_at", "done_at", "parked_at"),
    )
    readonly_fields = ("state",)
    actions_detail = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        rows = Delivery.objects.filter(event__in=seen_events(request.user))  # type: ignore[arg-type]
        return rows.order_by(*self.ordering)

    @action(description="Replay", permissions=["replay"], variant=ActionVariant.PRIMARY)
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            deliveries.replay(parked=Delivery.objects.filter(pk=delivery.pk), actor=person(request))
            return f"{delivery.subscription} will be started again."

        consequence = "It is started again, and tried for another three days."
        return self.ask_first(
            request, object_id, verb="Replay", consequence=consequence, do=do, danger=False
        )

    def has_replay_permission(self, request: HttpRequest, object_id: str) -> bool:
        return operates(request.user) and self.row(request, object_id).parked_at is not None

    @display(description="State", label={"waiting": "info", "done": "success", "parked": "danger"})
    def state(self, delivery: Delivery) -> str:
        if delivery.done_at:
            return "done"
        return "parked" if delivery.parked_at else "waiting"

    @display(description="Event", ordering="event__type")
    def event_type(self, delivery: Delivery) -> str:
        return delivery.event.type
