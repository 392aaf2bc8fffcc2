"""The console's stock pages are for browsing. Whatever writes is a button, which asks first and
calls a service; a page of its own, because a change view would wrap it in a transaction.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin, TabularInline

from apps.common.errors import DomainError


class BrowseAdmin(ModelAdmin):
    """Everything of a kind that this person may see, read-only."""

    list_fullwidth = True
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Superusers run the instance; others see what their workspaces show."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if getattr(request.user, "is_superuser", False):
            return rows
        return rows.filter(pk__in=self.model.objects.visible_to(request.user).values("pk"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def ask_first(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        verb: str,
        consequence: str,
        do: Callable[[Any, dict[str, Any]], HttpResponse | str],
        form_class: type[forms.Form] = forms.Form,
        danger: bool = True,
    ) -> HttpResponse:
        """GET says what would happen, POST does it. `do` returns what to say, or a page."""
        row = self.get_object(request, object_id)
        if row is None:
            raise PermissionDenied
        form = form_class(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                done = do(row, form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.text)
                for detail in error.details:
                    form.add_error(None, str(detail.get("message", detail)))
            else:
                if isinstance(done, HttpResponse):
                    return done
                messages.success(request, done)
                return redirect(self.page_of(row))
        return TemplateResponse(
            request,
            "admin/ask_first.html",
            {
                **self.admin_site.each_context(request),
                "title": f"{verb}: {row}",
                "opts": self.opts,
                "verb": verb,
                "row": row,
                "consequence": consequence,
                "danger": danger,
                "form": form,
                "back": self.page_of(row),
            },
        )

    def page_of(self, row: Model) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])


class BrowseInline(TabularInline):
    extra = 0
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False
