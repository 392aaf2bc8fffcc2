"""What is looked at afterwards. A row leads to its request, where one looks at it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import display
from unfold.views import ChangeList

from apps.accounts.pages.entry import person
from apps.accounts.pages.filters import WorkspaceFilter
from apps.approvals.models.people import AfterReview
from apps.approvals.selectors.seen import seen
from apps.common.admin import BrowseAdmin


class SeenReviews(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)  # type: ignore[has-type]
        told = seen([row.request for row in rows], person(request))
        for row, one in zip(rows, told, strict=True):
            row.sentence = one.sentence
        self.result_list = rows


@admin.register(AfterReview)
class ReviewAdmin(BrowseAdmin):
    when_empty = (
        "Nothing is owed a later look. What took effect before anybody decided, and what the "
        "policy draws by lot, is looked at here afterwards."
    )
    list_display = ("what", "because", "progress", "due_at", "reviewed_at", "workspace")
    list_filter = (WorkspaceFilter, "because", ("reviewed_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = AfterReview.objects.visible_to(person(request)).defer("sealed_reason", "sealed_note")
        return rows.select_related("workspace", "request").order_by(*self.ordering)

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        return SeenReviews

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        row = self.row(request, object_id)
        return redirect(reverse("admin:review_request", args=[row.request_id]))

    @display(description="What took effect")
    def what(self, row: Any) -> str:
        return str(row.sentence)

    @display(
        description="State",
        label={"owed": "warning", "overdue": "danger", "sound": "success", "not sound": "danger"},
    )
    def progress(self, row: AfterReview) -> str:
        if row.reviewed_at is None:
            return "overdue" if row.due_at < timezone.now() else "owed"
        return "sound" if row.sound else "not sound"
