"""The console's stock pages are for browsing. Whatever writes is a button, which asks first and
calls a service; a page of its own, because a change view would wrap it in a transaction.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline

from apps.common.actors import operates
from apps.common.errors import DomainError
from apps.common.refusals import put_on


class BrowseAdmin(ModelAdmin):
    """Everything of a kind that this person may see, read-only."""

    list_fullwidth = True
    list_per_page = 50
    show_full_result_count = False
    actions = None
    when_empty = "There is nothing here yet."
    """What this is a list of, and how the first one comes about."""
    begins_with = ""
    """The command that makes the first one, if one does."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Operators see all of it, others what their workspaces show."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if operates(request.user):
            return rows
        return rows.filter(pk__in=self.model.objects.visible_to(request.user).values("pk"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Headed by what is listed: there is nothing to "select to view"."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """By what the page offers, and no other column: `?password__startswith=` would tell a hash
        letter by letter."""
        filters = self.get_list_filter(request)
        if lookup in {getattr(entry, "parameter_name", None) for entry in filters}:
            return True
        offered = {entry[0] if isinstance(entry, tuple) else entry for entry in filters}
        return lookup.partition("__")[0] in offered and bool(
            super().lookup_allowed(lookup, value, request)
        )

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
        do: Callable[[dict[str, Any]], HttpResponse | str],
        form_class: type[forms.Form] = forms.Form,
        danger: bool = True,
    ) -> HttpResponse:
        """About one row: see `ask`."""
        row = self.row(request, object_id)
        return self.ask(
            request,
            about=row,
            verb=verb,
            consequence=consequence,
            do=do,
            form_class=form_class,
            danger=danger,
        )

    def ask(
        self,
        request: HttpRequest,
        *,
        about: Model | None = None,
        verb: str,
        consequence: str,
        do: Callable[[dict[str, Any]], HttpResponse | str],
        form_class: Callable[[Any], forms.Form] = forms.Form,
        danger: bool = True,
    ) -> HttpResponse:
        """GET says what would happen, POST does it. `do` returns what to say, or a page."""
        form = form_class(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                done = do(form.cleaned_data)
            except DomainError as refusal:
                put_on(form, refusal)
            else:
                if isinstance(done, HttpResponse):
                    return done
                messages.success(request, done)
                return redirect(self.page_after(about) if about else self.list_page())
        return TemplateResponse(
            request,
            "admin/ask_first.html",
            {
                **self.admin_site.each_context(request),
                "title": f"{verb}: {about}" if about else verb,
                "opts": self.opts,
                "verb": verb,
                "row": about or "",
                "consequence": consequence,
                "danger": danger,
                "form": form,
                "back": self.page_of(about) if about else self.list_page(),
            },
        )

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """What a button is about, if this person may see it; read once a call."""
        read: dict[str, Any] = request.__dict__.setdefault("rows_read", {})
        if object_id not in read:
            read[object_id] = self.get_object(request, object_id)
        if read[object_id] is None:
            raise Http404
        return read[object_id]

    def shown_once(
        self,
        request: HttpRequest,
        row: Model,
        secret: str,
        *,
        what: str = "The new key",
        advice: str = "Put it where the agent reads it; we keep a hash of it, and nothing that "
        "could bring it back.",
    ) -> HttpResponse:
        """The only page that ever holds it: kept by no browser, repeated by no reload."""
        context = {
            "title": "Shown once",
            "what": what,
            "advice": advice,
            "secret": secret,
            "back": self.page_of(row),
        }
        page = TemplateResponse(
            request, "admin/shown_once.html", {**self.admin_site.each_context(request), **context}
        )
        page["Cache-Control"] = "no-store"
        return page

    def page_after(self, row: Model) -> str:
        """Where a button leads when it is done: the row's page, or the list if it is gone."""
        if self.model._default_manager.filter(pk=row.pk).exists():
            return self.page_of(row)
        return self.list_page()

    def list_page(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

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
