"""Where the console's pages of what models are used for stand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path

from apps.common.admin import BrowseAdmin
from apps.inference.models import Budget
from apps.inference.pages.usage import UsagePage, WorkspacesPage


@admin.register(Budget)
class BudgetAdmin(BrowseAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(UsagePage.as_view())
        return [path("<uuid:workspace_id>/", view, name="inference_usage"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:  # noqa: ARG002
        return WorkspacesPage.as_view()(request)
