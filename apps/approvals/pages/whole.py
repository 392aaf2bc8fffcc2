"""One operation whole, as text: what is too long for a page is read here."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.accounts.pages.entry import person
from apps.approvals.selectors.requests import the_request
from apps.approvals.selectors.subjects import change_of
from apps.common.texts.hidden import spelled_out


@require_safe
def whole(request: HttpRequest, request_id: UUID, number: int) -> HttpResponse:
    change = change_of(the_request(request_id=request_id, actor=person(request)))
    for operation in change.operations if change else ():
        if operation.number == number:
            text = spelled_out(operation.diff)
            return HttpResponse(text, content_type="text/plain; charset=utf-8")
    raise Http404
