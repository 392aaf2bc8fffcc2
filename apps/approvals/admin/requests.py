"""All requests there ever were, to browse. Each has its page in the review console.

Who may see a request, its workspace alone says: running the instance is not enough.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import display
from unfold.views import ChangeList

from apps.accounts.pages.entry import person
from apps.accounts.pages.filters import WorkspaceFilter
from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.queue import waiting_anywhere
from apps.approvals.selectors.seen import seen
from apps.common.admin import BrowseAdmin


class SeenList(ChangeList):
    """A page of requests, told together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)  # type: ignore[has-type]
        for row, told in zip(rows, seen(rows, person(request)), strict=True):
            row.seen = told
        self.result_list = rows


class TurnFilter(admin.SimpleListFilter):
    title = "turn"
    parameter_name = "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        return [("mine", "Waiting on me"), ("open", "Not over")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ApprovalRequest]
    ) -> QuerySet[ApprovalRequest]:
        if self.value() == "mine":
            return queryset.filter(pk__in=waiting_anywhere(person(request)).values("pk"))
        if self.value() == "open":
            return queryset & ApprovalRequest.objects.open()
        return queryset


@admin.register(ApprovalRequest)
class RequestAdmin(BrowseAdmin):
    when_empty = (
        "When somebody proposes what the policy wants a person to approve, the request stands "
        "here, from its opening to its end. The first comes with the first plan."
    )
    begins_with = "python3 demo/agent.py plan.json"
    list_display = ("sentence", "progress", "risk", "proposer", "votes", "due", "turn", "place")
    list_filter = (TurnFilter, WorkspaceFilter, "state", "risk_level", "subject_kind")
    list_select_related = ("workspace",)
    search_fields = ("=id", "=subject_id")
    search_help_text = "Id of the request or of what it is about"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApprovalRequest]:
        rows = ApprovalRequest.objects.visible_to(person(request))
        return rows.select_related("workspace").order_by(*self.ordering)

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        return SeenList

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        return redirect("admin:review_request", self.row(request, object_id).pk)

    @display(description="What would change")
    def sentence(self, row: Any) -> str:
        return str(row.seen.sentence)

    @display(
        description="State",
        ordering="state",
        label={
            **dict.fromkeys(State.values, "default"),
            "pending": "warning",
            "allowed": "success",
            "effective": "success",
            "consumed": "success",
            "denied": "danger",
            "expired": "danger",
        },
    )
    def progress(self, row: Any) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(
        description="Risk",
        ordering="risk_score",
        label={"low": "success", "medium": "info", "high": "warning", "critical": "danger"},
    )
    def risk(self, row: Any) -> str:
        return str(row.risk_level)

    @display(description="By")
    def proposer(self, row: Any) -> str:
        return f"{row.seen.proposer.name} ({row.proposer_kind})"

    @display(description="Stage and votes")
    def votes(self, row: Any) -> str:
        return str(row.seen.votes_so_far)

    @display(description="Due", ordering="due_at")
    def due(self, row: Any) -> Any:
        return row.due_at if row.state == "pending" else None

    @display(description="Turn")
    def turn(self, row: Any) -> str:
        names = [each.name for each in row.seen.turn.people]
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        return ", ".join(names[:2]) + more

    @display(description="Workspace", ordering="workspace__name")
    def place(self, row: Any) -> str:
        return str(row.workspace)
