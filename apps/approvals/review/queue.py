"""/admin/review/: what waits, one sentence each."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.accounts.browser.entry import person
from apps.approvals.selectors.queue import waiting_anywhere
from apps.approvals.selectors.seen import seen

SHOWN = 50


def queue_page(request: HttpRequest) -> HttpResponse:
    me = person(request)
    rows = list(waiting_anywhere(me).select_related("workspace").order_by("id")[:SHOWN])
    shown = {"title": "Review", "rows": seen(rows, me)}
    return TemplateResponse(
        request, "review/queue.html", {**admin.site.each_context(request), **shown}
    )
