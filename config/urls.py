"""Every door that speaks HTTP."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from apps.activity.browser.pages import ActivityPage
from apps.common.api.documents import DEMO, demo_file

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("", include("apps.common.api.urls")),
    path("", include("apps.activity.api.urls")),
    path("", include("apps.policies.api.room_urls")),
    path("", include("apps.plans.api.urls")),
    path("", include("apps.specs.api.urls")),
    path("", include("apps.mirror.api.urls")),
    path("", include("apps.approvals.api.room_urls")),
    path("", include("apps.approvals.browser.urls")),
    path("activity", ActivityPage.as_view(), name="activity"),
    *(path(f"demo/{name}", demo_file, {"name": name}) for name in DEMO),
    path("admin/", admin.site.urls),
    path("accounts/", include("apps.accounts.browser.urls")),
    path("api/v1/", include("apps.accounts.api.urls")),
    path("api/v1/", include("apps.inference.api.urls")),
    path("api/v1/", include("apps.policies.api.urls")),
    path("api/v1/", include("apps.approvals.api.urls")),
]

handler400 = "apps.common.api.errors.bad_request"
handler403 = "apps.common.api.errors.permission_denied"
handler404 = "apps.common.api.errors.page_not_found"
handler500 = "apps.common.api.errors.server_error"
