"""What pages of the console have in common that are views of their own: whoever looks, and the
workspace they look at.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.views.generic import TemplateView

from apps.accounts.models import Workspace
from apps.accounts.pages.entry import person
from apps.accounts.ports import Standing
from apps.accounts.selectors.standing import standing_of
from apps.common.errors import NotFound


class ConsolePage(TemplateView):
    title = ""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.me = person(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"title": self.title, "here": self.title, **kwargs}
        return super().get_context_data(**admin.site.each_context(self.request), **shown)


class WorkspacePage(ConsolePage):
    """About one workspace, for who belongs to it: running the instance is not enough here."""

    workspace: Workspace
    standing: Standing

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        found = Workspace.objects.visible_to(self.me).filter(pk=kwargs["workspace_id"]).first()
        standing = standing_of(actor=self.me, workspace_id=kwargs["workspace_id"])
        if found is None or standing is None:
            raise NotFound
        self.workspace, self.standing = found, standing

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"workspace": self.workspace, "here": self.title, **kwargs}
        shown["title"] = f"{shown['here'] or self.title}: {self.workspace}"
        return super().get_context_data(**shown)
