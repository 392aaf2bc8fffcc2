"""/admin/specs/: mounted by the console's site, in its namespace."""

from django.contrib import admin
from django.urls import URLPattern, path

from apps.specs.pages import browsing, nodes, pictured, proposals

guard = admin.site.admin_view
OF = "<uuid:workspace_id>"

urlpatterns: list[URLPattern] = [
    path("", guard(browsing.SpecsHome.as_view()), name="specs"),
    path("proposals/<uuid:proposal_id>/", guard(proposals.proposal_page), name="specs_proposal"),
    path(f"{OF}/", guard(browsing.BrowsePage.as_view()), name="specs_browse"),
    path(f"{OF}/graph/", guard(pictured.GraphPage.as_view()), name="specs_graph"),
    path(f"{OF}/proposals/", guard(proposals.ProposalsPage.as_view()), name="specs_proposals"),
    # No key is a plain word, so none of the pages above is taken for one.
    path(f"{OF}/<str:key>/", guard(nodes.NodePage.as_view()), name="specs_node"),
]
