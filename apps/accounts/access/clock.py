"""Pages tell and take times by the clock of whoever is signed in."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.models import User

PAGES = ("/admin/", "/accounts/")


class OwnClock:
    """The API tells all times in UTC, whoever asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(None):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if request.path_info.startswith(PAGES) and isinstance(me := request.user, User):
            timezone.activate(ZoneInfo(me.time_zone))
