"""/admin/review/: mounted by the console's site, in its namespace."""

from typing import Any

from django.contrib import admin
from django.urls import URLPattern, path

from apps.approvals.pages import (
    attention,
    bulk,
    deciding,
    keeping,
    page,
    queue,
    talking,
    tour,
    whole,
)
from apps.ledger.switch import stays_open

guard = admin.site.admin_view
ONE = "<uuid:request_id>"

ACTIONS: dict[str, Any] = {
    # What ends something goes on while the kill switch is on: the service tells which does.
    "decide": stays_open(deciding.DecidePage.as_view()),
    "withdraw": stays_open(deciding.WithdrawPage.as_view()),
    "undo": deciding.UndoPage.as_view(),
    "claim": deciding.ClaimPage.as_view(),
    "unclaim": deciding.UnclaimPage.as_view(),
    "comment": talking.CommentPage.as_view(),
    "resolve": talking.ResolvePage.as_view(),
    "reopen": talking.ReopenPage.as_view(),
    "look-again": stays_open(deciding.LookAgainPage.as_view()),
    "snooze": deciding.SnoozePage.as_view(),
    "hand-over": deciding.HandOverPage.as_view(),
    "give-seat": deciding.GiveSeatPage.as_view(),
    "break-glass": deciding.BreakGlassPage.as_view(),
    "look": deciding.LookPage.as_view(),
}

urlpatterns: list[URLPattern] = [
    path("", guard(queue.queue_page), name="review_queue"),
    path("attention/", guard(attention.attention_page), name="review_attention"),
    path("tour/", guard(tour.tour_seen), name="review_tour"),
    path("changes/", guard(queue.queue_changes), name="review_changes"),
    path("views/", guard(keeping.keep), name="review_keep"),
    path("views/<uuid:view_id>/forget/", guard(keeping.forget), name="review_forget"),
    path("bulk/", guard(bulk.bulk_page), name="review_bulk"),
    path("bulk/cast/", guard(stays_open(bulk.bulk_cast)), name="review_bulk_cast"),
    path(f"{ONE}/", guard(page.request_page), name="review_request"),
    path(f"{ONE}/now/", guard(page.now), name="review_now"),
    path(f"{ONE}/tab/<slug:name>/", guard(page.tab), name="review_tab"),
    path(f"{ONE}/whole/<int:number>/", guard(whole.whole), name="review_whole"),
    *(
        path(f"{ONE}/{name}/", guard(view), name=f"review_{name.replace('-', '_')}")
        for name, view in ACTIONS.items()
    ),
    path(f"{ONE}/threads/", guard(talking.threads), name="review_threads"),
    path(
        f"{ONE}/attachments/<uuid:attachment_id>/",
        guard(talking.attachment),
        name="review_attachment",
    ),
]
