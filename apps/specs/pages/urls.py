"""/admin/specs/: mounted by the console's site, in its namespace."""

from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path

from apps.ledger.switch import stays_open
from apps.specs.pages import acting, browsing, changes, nodes, pictured, proposals, search

guard = admin.site.admin_view
OF = "<uuid:workspace_id>"
PROPOSAL = "proposals/<uuid:proposal_id>"

BUTTONS: dict[str, Any] = {
    # What ends something goes on while the kill switch is on.
    "withdraw": stays_open(acting.WithdrawButton.as_view()),
    "submit": acting.SubmitButton.as_view(),
    "revert": acting.RevertButton.as_view(),
}

urlpatterns: list[URLPattern] = [
    path("", guard(browsing.SpecsHome.as_view()), name="specs"),
    path(f"{PROPOSAL}/", guard(proposals.proposal_page), name="specs_proposal"),
    *(
        path(f"{PROPOSAL}/{name}/", guard(button), name=f"specs_{name}")
        for name, button in BUTTONS.items()
    ),
    path(f"{OF}/", guard(browsing.BrowsePage.as_view()), name="specs_browse"),
    path(f"{OF}/graph/", guard(pictured.GraphPage.as_view()), name="specs_graph"),
    path(f"{OF}/changes/", guard(changes.ChangesPage.as_view()), name="specs_changes"),
    path(f"{OF}/search/", guard(search.SearchPage.as_view()), name="specs_search"),
    path(f"{OF}/proposals/", guard(proposals.ProposalsPage.as_view()), name="specs_proposals"),
    # No key is a plain word, so none of the pages above is taken for one.
    path(f"{OF}/<str:key>/", guard(nodes.NodePage.as_view()), name="specs_node"),
    path(f"{OF}/<str:key>/versions/", guard(changes.VersionsPage.as_view()), name="specs_versions"),
    path(f"{OF}/<str:key>/clear/", guard(acting.ClearButton.as_view()), name="specs_clear"),
]
