"""The tour of the console: whoever was shown around, or would not be, is not asked again."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from apps.accounts.pages.entry import person
from apps.approvals.services.attention import note_tour


@require_POST
def tour_seen(request: HttpRequest) -> HttpResponse:
    note_tour(actor=person(request))
    return HttpResponse(status=204)
