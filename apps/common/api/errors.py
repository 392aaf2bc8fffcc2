"""How anything that goes wrong is answered over HTTP: one envelope, or a page for a browser.

Views raise and never format. DRF comes in through `exception_handler`, everything else through
the middleware and the four handlers that config/urls.py names.
"""

import sys
from collections.abc import Iterator
from typing import Any

import redis
import structlog
from django.core import exceptions as django
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from rest_framework import exceptions as drf
from rest_framework.response import Response

from apps.common import context
from apps.common.errors import (
    DomainError,
    Internal,
    Invalid,
    Malformed,
    MethodNotAllowed,
    NotAcceptable,
    NotAllowed,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

log = structlog.get_logger("lattice.http")

RETRY_AFTER_OUTAGE = 2
OUTAGES = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)

_SPOKEN: tuple[tuple[type[Exception], type[DomainError]], ...] = (
    (drf.ParseError, Malformed),
    (drf.NotAuthenticated, Unauthenticated),
    (drf.AuthenticationFailed, Unauthenticated),
    (drf.PermissionDenied, NotAllowed),
    (drf.NotFound, NotFound),
    (drf.MethodNotAllowed, MethodNotAllowed),
    (drf.NotAcceptable, NotAcceptable),
    (drf.UnsupportedMediaType, UnsupportedMediaType),
    (Http404, NotFound),
    (django.PermissionDenied, NotAllowed),
    (django.RequestDataTooBig, TooLarge),
    (django.SuspiciousOperation, Malformed),
    (django.BadRequest, Malformed),
    (MultiPartParserError, Malformed),
)
_BY_STATUS = {
    error.status: error
    for error in (
        Malformed,
        Unauthenticated,
        NotAllowed,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        TooLarge,
        UnsupportedMediaType,
        TooMany,
        Internal,
        Unavailable,
    )
}


def explain(failure: BaseException) -> DomainError | None:
    """The failure in our own words; None if nobody foresaw it."""
    match failure:
        case DomainError():
            return failure
        case drf.Throttled():
            return TooMany(retry_after=getattr(failure, "wait", None) or 1)
        case drf.ValidationError():
            return Invalid(details=list(_details(failure.detail)))
        case django.ValidationError():
            return Invalid(details=list(_details(_messages(failure))))
    if isinstance(failure, OUTAGES):
        log.warning("dependency out of reach", exc_info=failure)
        return Unavailable(retry_after=RETRY_AFTER_OUTAGE)
    for foreign, ours in _SPOKEN:
        if isinstance(failure, foreign):
            return ours()
    return None


def envelope(error: DomainError) -> dict[str, Any]:
    return {
        "error": {
            "code": error.code,
            "message": error.text,
            "details": error.details,
            "request_id": context.current().request_id,
        }
    }


def headers(error: DomainError) -> dict[str, str]:
    found = {}
    if error.status == Unauthenticated.status:
        found["WWW-Authenticate"] = 'Bearer realm="lattice"'
    if error.retry_after is not None:
        found["Retry-After"] = str(error.retry_after)
    return found


# --- doors made with DRF


def exception_handler(failure: Exception, _: dict[str, Any]) -> Response | None:
    """What is unforeseen goes on to Django, which logs it once and asks `server_error`."""
    error = explain(failure)
    if error is None:
        return None
    return Response(envelope(error), status=error.status, headers=headers(error))


# --- everything else


def answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    response: HttpResponse
    if wants_page(request):
        shown = {"error": error, "request_id": context.current().request_id}
        # Without a request: context processors read the session, which may be what failed.
        page = render_to_string("error.html", shown)
        response = HttpResponse(page, status=error.status)
    else:
        response = JsonResponse(envelope(error), status=error.status)
    for name, value in headers(error).items():
        response[name] = value
    return response


def wants_page(request: HttpRequest) -> bool:
    """A browser that navigates says text/html; everybody else gets the envelope."""
    accepted = request.headers.get("Accept", "")
    return not request.path_info.startswith("/api/") and "text/html" in accepted


def reword(request: HttpRequest, response: HttpResponse) -> None:
    """Give an error that some library answered in its own words our body. Headers stay."""
    known = _BY_STATUS.get(response.status_code)
    if known is None or response.streaming:
        return
    if response.get("Content-Type", "").startswith("application/json") and response.content:
        return
    if wants_page(request) and response.content:
        return
    ours = answer(request, known())
    response.content = ours.content
    for name, value in ours.items():
        if name == "Content-Type" or name not in response:
            response[name] = value


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, explain(exception) or Malformed())


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, explain(exception) or NotAllowed())


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, explain(exception) or NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    failure = sys.exc_info()[1]
    error = explain(failure) if failure else None
    return answer(request, error or Internal())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return answer(request, NotAllowed(f"The form cannot be trusted: {reason}"))


# --- details


def _messages(failure: django.ValidationError) -> Any:
    return failure.message_dict if hasattr(failure, "error_dict") else failure.messages


def _details(found: Any, path: str = "") -> Iterator[dict[str, str]]:
    """`{"items": [{}, {"name": ["Required."]}]}` as field `items.1.name`."""
    match found:
        case dict():
            for name, inner in found.items():
                whole = name in ("non_field_errors", django.NON_FIELD_ERRORS)
                yield from _details(inner, path if whole else _join(path, name))
        case list() | tuple():
            for index, inner in enumerate(found):
                leaf = isinstance(inner, str)
                yield from _details(inner, path if leaf else _join(path, index))
        case _:
            yield {"field": path, "message": str(found)}


def _join(path: str, name: object) -> str:
    return f"{path}.{name}" if path else str(name)
