"""Pages of approvals outside the console."""

from django.urls import URLPattern, path

from apps.approvals.browser.links import follow

urlpatterns: list[URLPattern] = [
    path("approvals/open/<str:token>", follow, name="open_approval"),
]
