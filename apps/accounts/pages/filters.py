"""Filters of the console's lists."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import Workspace
from apps.accounts.pages.entry import person


class WorkspaceFilter(admin.SimpleListFilter):
    """Of the workspaces one belongs to: the stock filter would offer everybody's."""

    title = "workspace"
    parameter_name = "workspace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        rows = Workspace.objects.visible_to(person(request)).order_by("name", "id")
        return [(str(pk), name) for pk, name in rows.values_list("id", "name")]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Any],
    ) -> QuerySet[Any]:
        offered = {key for key, _ in self.lookup_choices}
        wanted = self.value()
        return queryset.filter(workspace_id=wanted) if wanted in offered else queryset
