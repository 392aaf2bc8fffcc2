"""Who is away from which workspace, and who stands in."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from unfold.decorators import display

from apps.accounts.browser.filters import WorkspaceFilter
from apps.accounts.models import User
from apps.activity.naming import name_of
from apps.approvals.models.people import Absence
from apps.common.admin import BrowseAdmin


@admin.register(Absence)
class AbsenceAdmin(BrowseAdmin):
    list_display = ("who", "stand_in", "begins_at", "ends_at", "workspace")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    ordering = ("-ends_at",)
    fields = ("who", "stand_in", "begins_at", "ends_at", "workspace")
    readonly_fields = ("who", "stand_in")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        def name(person: str) -> Subquery:
            return Subquery(User.objects.get_queryset().filter(id=OuterRef(person)).values("name"))

        rows = super().get_queryset(request).select_related("workspace")
        return rows.annotate(person_name=name("person_id"), delegate_name=name("delegate_id"))

    @display(description="Who")
    def who(self, row: Any) -> str:
        return name_of(row.person_id, row.person_name or "")

    @display(description="Stands in")
    def stand_in(self, row: Any) -> str:
        return name_of(row.delegate_id, row.delegate_name or "") if row.delegate_id else "nobody"
