"""Keeping a view of the queue under a name, and forgetting it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.pages.entry import person
from apps.approvals.pages.asked import query_of, read_asked
from apps.approvals.services.views import forget_view, keep_view
from apps.common.errors import DomainError
from apps.common.refusals import say


@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    query = query_of(read_asked(request.POST.dict()))
    try:
        view = keep_view(
            name=request.POST.get("name", ""),
            query=query.removeprefix("?"),
            actor=person(request),
        )
    except DomainError as refusal:
        say(request, refusal)
    else:
        messages.success(request, f"You keep it as “{view.name}”.")
    return redirect(f"{reverse('admin:review_queue')}{query}")


@require_POST
def forget(request: HttpRequest, view_id: UUID) -> HttpResponse:
    forget_view(view_id=view_id, actor=person(request))
    return redirect("admin:review_queue")
