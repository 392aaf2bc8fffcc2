"""The API of approvals, below /api/v1/."""

from django.urls import URLPattern, path

from apps.approvals.api.views import absences, attention, requests

_REQUEST = "approvals/<uuid:request_id>"

urlpatterns: list[URLPattern] = [
    path("absences", absences.Absences.as_view()),
    path("absences/<uuid:absence_id>", absences.OneAbsence.as_view()),
    path("attention", attention.OwnAttention.as_view()),
    path("approvals", requests.Requests.as_view()),
    path(_REQUEST, requests.OneRequest.as_view()),
]
