"""Rate limits: people by their tier, agents by the second, nobody-in-particular by address.

Buckets are separate. A person's bucket is theirs whichever credential they use; the tier is read
from the row, never from a token.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.accounts.access.limiter import Policy, Verdict, limiter
from apps.accounts.access.lockout import address_of
from apps.accounts.models import User
from apps.common.errors import TooMany

if TYPE_CHECKING:  # DRF reads its default throttle while it defines APIView
    from rest_framework.views import APIView


class CallRate(BaseThrottle):
    """For everybody with a credential; others are turned away without one, or by `AddressRate`."""

    def allow_request(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        policy = self.policy_for(request)
        verdict = limiter().spend(policy) if policy else None
        if verdict:
            request._request.rate_verdict = verdict  # type: ignore[attr-defined]
            if not verdict.allowed:
                raise TooMany(retry_after=max(verdict.reset_after, 1))
        return True

    def policy_for(self, request: Request) -> Policy | None:
        user = request.user
        if not isinstance(user, User):
            return None
        if user.is_agent:
            return Policy("agent", str(user.id), settings.RATE_LIMITS["agent"], seconds=1)
        return Policy(user.tier, str(user.id), settings.RATE_LIMITS[user.tier], seconds=60)


class AddressRate(CallRate):
    """For the doors that are open to anybody: registering, logging in, refreshing."""

    def policy_for(self, request: Request) -> Policy | None:
        address = address_of(request._request) or "unknown"
        return Policy("address", address, settings.RATE_LIMITS["address"], seconds=60)


class PasswordRate(CallRate):
    """For calls that show the present password, beside `CallRate`: nobody guesses it quickly."""

    def policy_for(self, request: Request) -> Policy | None:
        person = str(getattr(request.user, "id", "nobody"))
        return Policy("password", person, settings.RATE_LIMITS["password"], seconds=60)


class RateLimitHeaders:
    """Middleware: says on every answer how much is left (IETF draft `RateLimit` fields)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        verdict: Verdict | None = getattr(request, "rate_verdict", None)
        if verdict:
            name, policy = verdict.policy.name, verdict.policy
            response["RateLimit-Policy"] = f'"{name}";q={policy.limit};w={policy.seconds}'
            response["RateLimit"] = f'"{name}";r={verdict.remaining};t={verdict.reset_after}'
        return response
