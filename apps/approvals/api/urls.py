"""The API of approvals, below /api/v1/."""

from django.urls import URLPattern, path

from apps.approvals.api.views import (
    absences,
    attention,
    discussion,
    requests,
    reviews,
    seats,
    votes,
    waiting,
)

_REQUEST = "approvals/<uuid:request_id>"

urlpatterns: list[URLPattern] = [
    path("absences", absences.Absences.as_view()),
    path("absences/<uuid:absence_id>", absences.OneAbsence.as_view()),
    path("attention", attention.OwnAttention.as_view()),
    path("approvals", requests.Requests.as_view()),
    path("approvals/bulk", votes.Bulk.as_view()),
    path("approvals/reviews", reviews.Reviews.as_view()),
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
