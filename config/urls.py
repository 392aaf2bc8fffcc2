"""Every door that speaks HTTP."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from apps.activity.pages.feed import ActivityPage
from apps.approvals.pages.mailed import follow
from apps.common.api.documents import DEMO, demo_file

ROOMS = (
    *("common", "accounts", "activity", "inference", "policies", "approvals"),
    *("specs", "plans", "mirror"),
)
urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    *(path("", include(f"apps.{room}.api.urls")) for room in ROOMS),
    path("approvals/open/<str:token>", follow, name="open_approval"),
    path("activity", ActivityPage.as_view(), name="activity"),
    *(path(f"demo/{name}", demo_file, {"name": name}) for name in DEMO),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.accounts.pages.urls")),
]

handler400 = "apps.common.api.errors.bad_request"
handler403 = "apps.common.api.errors.permission_denied"
handler404 = "apps.common.api.errors.page_not_found"
handler500 = "apps.common.api.errors.server_error"
