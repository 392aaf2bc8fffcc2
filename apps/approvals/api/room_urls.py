"""The promised short paths of approvals, and what stands beside them."""

from django.urls import URLPattern, path

from apps.approvals.api.views import promised

urlpatterns: list[URLPattern] = [
    path("approvals/pending", promised.Pending.as_view()),
    path("approvals/<uuid:request_id>/respond", promised.Respond.as_view()),
    path("api/v1/approvals/pending", promised.Pending.as_view()),
    path("api/v1/approvals/<uuid:request_id>/respond", promised.Respond.as_view()),
]
