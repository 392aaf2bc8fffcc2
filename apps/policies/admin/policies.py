"""Where the console's pages about policies stand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from apps.accounts.pages.entry import person
from apps.common.admin import BrowseAdmin
from apps.common.errors import NotFound
from apps.ledger.switch import stays_open
from apps.policies.models.policies import Policy
from apps.policies.pages import drafts, reading, trying
from apps.policies.pages.page import page_url

PAGES: dict[str, tuple[str, Any]] = {
    "home": ("", reading.PolicyPage.as_view()),
    "versions": ("versions/", reading.VersionsPage.as_view()),
    "version": ("versions/<int:number>/", reading.VersionPage.as_view()),
    "begin": ("begin/", drafts.BeginPage.as_view()),
    "new": ("drafts/new/", drafts.NewDraftPage.as_view()),
    "draft": ("drafts/<uuid:draft_id>/", drafts.DraftPage.as_view()),
    "release": ("drafts/<uuid:draft_id>/release/", drafts.ReleasePage.as_view()),
    "discard": ("drafts/<uuid:draft_id>/discard/", drafts.DiscardPage.as_view()),
    # What they are asked changes nothing.
    "check": ("check/", stays_open(drafts.CheckPage.as_view())),
    "try": ("try/", stays_open(trying.TryPage.as_view())),
    "replay": ("replay/", trying.ReplayPage.as_view()),
    "replay_step": ("replay/step/", trying.ReplayStep.as_view()),
}


@admin.register(Policy)
class PolicyAdmin(BrowseAdmin):
    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("schema/", guard(reading.schema_page), name="policies_schema"),
            *(
                path(f"<uuid:workspace_id>/{route}", guard(view), name=f"policies_{name}")
                for name, (route, view) in PAGES.items()
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:  # noqa: ARG002
        return reading.PoliciesPage.as_view()(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        found = Policy.objects.visible_to(person(request)).filter(pk=object_id).first()
        if found is None:
            raise NotFound
        return redirect(page_url("home", found.workspace_id))
