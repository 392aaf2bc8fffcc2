"""The API of approvals, below /api/v1/."""

from django.urls import URLPattern, path

from apps.approvals.api.views import requests

_REQUEST = "approvals/<uuid:request_id>"

urlpatterns: list[URLPattern] = [
    path("approvals", requests.Requests.as_view()),
    path(_REQUEST, requests.OneRequest.as_view()),
]
