"""The paths of approvals: the promised short ones, and those below /api/v1."""

from typing import Any

from django.urls import URLPattern, path

from apps.approvals.api.views import (
    absences,
    attention,
    discussion,
    promised,
    requests,
    reviews,
    seats,
    votes,
    waiting,
)

_PROMISED: dict[str, Any] = {
    "approvals/pending": promised.Pending.as_view(),
    "approvals/<uuid:request_id>/respond": promised.Respond.as_view(),
}
_REQUEST = "api/v1/approvals/<uuid:request_id>"

urlpatterns: list[URLPattern] = [
    *(
        path(prefix + route, view)
        for prefix in ("", "api/v1/")
        for route, view in _PROMISED.items()
    ),
    path("api/v1/absences", absences.Absences.as_view()),
    path("api/v1/absences/<uuid:absence_id>", absences.OneAbsence.as_view()),
    path("api/v1/attention", attention.OwnAttention.as_view()),
    path("api/v1/approvals", requests.Requests.as_view()),
    path("api/v1/approvals/bulk", votes.Bulk.as_view()),
    path("api/v1/approvals/reviews", reviews.Reviews.as_view()),
    path(_REQUEST, requests.OneRequest.as_view()),
    path(f"{_REQUEST}/attachments/<uuid:attachment_id>", discussion.OneAttachment.as_view()),
    path(f"{_REQUEST}/break-glass", reviews.BreakGlass.as_view()),
    path(f"{_REQUEST}/claim", seats.Claim.as_view()),
    path(f"{_REQUEST}/comments", discussion.Comments.as_view()),
    path(f"{_REQUEST}/comments/<uuid:comment_id>/reopen", discussion.Reopen.as_view()),
    path(f"{_REQUEST}/comments/<uuid:comment_id>/resolve", discussion.Resolve.as_view()),
    path(f"{_REQUEST}/delegate", seats.Delegate.as_view()),
    path(f"{_REQUEST}/impact", requests.Impact.as_view()),
    path(f"{_REQUEST}/reassign", seats.Reassign.as_view()),
    path(f"{_REQUEST}/review", reviews.OneReview.as_view()),
    path(f"{_REQUEST}/snooze", seats.SnoozeIt.as_view()),
    path(f"{_REQUEST}/unclaim", seats.Unclaim.as_view()),
    path(f"{_REQUEST}/undo", votes.Undo.as_view()),
    path(f"{_REQUEST}/unsnooze", seats.Unsnooze.as_view()),
    path(f"{_REQUEST}/votes", votes.Votes.as_view()),
    path(f"{_REQUEST}/wait", waiting.Wait.as_view()),
    path(f"{_REQUEST}/withdraw", votes.Withdraw.as_view()),
]
