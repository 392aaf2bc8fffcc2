"""What stops at the doors of HTTP while the kill switch is on.

The record refuses by itself (`apps.ledger.switch`). Here is refused, earlier and whole, also what
records nothing.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import SAFE_METHODS

from apps.common.api.errors import answer
from apps.ledger.errors import KillSwitchOn
from apps.ledger.switch import is_on, keep_open, staying_open


class KillSwitchDoor:
    """Every door of HTTP. It knows the switch of everything; that of a workspace meets whoever
    would change something there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with staying_open(False):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        if request.method in SAFE_METHODS or view_stays_open(view):
            keep_open()
        elif is_on():
            return answer(request, KillSwitchOn())
        return None


def view_stays_open(view: Any) -> bool:
    """`stays_open` on the function, or on the class it was made of."""
    return bool(
        getattr(view, "stays_open", False)
        or getattr(getattr(view, "view_class", None), "stays_open", False)
    )
