"""What every HTTP call goes through: who is calling about what (ids), and answers in one voice."""

import re
import time
from collections.abc import Callable

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import has_vary_header

from apps.common import context, metrics
from apps.common.api import errors
from apps.common.errors import Malformed
from apps.common.ids import uuid7

GetResponse = Callable[[HttpRequest], HttpResponse]

log = structlog.get_logger("lattice.http")

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-.{2}")


class CallContext:
    """The outermost: names the call, tells the log how it ended."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-Id", "")
        request_id = offered if _SANE_ID.fullmatch(offered) else str(uuid7())
        traced = _TRACEPARENT.match(request.headers.get("traceparent", ""))
        with context.call(request_id=request_id, trace_id=traced[1] if traced else ""):
            started = time.perf_counter()
            with metrics.requests_in_progress.track_inprogress():
                response = self.get_response(request)
            response["X-Request-Id"] = request_id
            _note(request, response, time.perf_counter() - started)
        return response


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """The route, not the path: paths hold ids, and there is no end of them."""
    route = request.resolver_match.route if request.resolver_match else metrics.UNMATCHED
    method, status = request.method or "", response.status_code
    metrics.count_request(method=method, route=route, status=status, seconds=seconds)
    log.info(
        "request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1)
    )


class AnswerHeaders:
    """What every answer says about itself: who may keep it, what a page of it may do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", settings.PERMISSIONS_POLICY)
        if not response.has_header("Cache-Control") and self._is_private(request, response):
            response["Cache-Control"] = "no-store"
        return response

    @staticmethod
    def _is_private(request: HttpRequest, response: HttpResponse) -> bool:
        """Whatever the API says, and every page that looked at who is asking."""
        typed = response.get("Content-Type", "")
        return (
            request.path_info.startswith("/api/")
            or typed.startswith("application/json")
            or has_vary_header(response, "Cookie")
        )


class ContentSecurityPolicy(CSPMiddleware):
    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.resolver_match and request.resolver_match.app_name == "admin":
            parts.update = settings.ADMIN_CONTENT_SECURITY_POLICY
        return parts


class ErrorAnswers:
    """Errors from outside DRF (Django, other middleware, plain views) get the same answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return errors.answer(request, Malformed("A URL may not hold a NUL character."))
        response = self.get_response(request)
        errors.reword(request, response)
        return response

    def process_exception(self, request: HttpRequest, failure: Exception) -> HttpResponse | None:
        error = errors.explain(failure)
        return errors.answer(request, error) if error else None
