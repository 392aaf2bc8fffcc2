"""Answers already given, for whoever sends the same request again within a day.

Both functions belong into the unit of work of the effect: the answer commits with it.
"""

import hmac
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from apps.accounts.errors import IdempotencyKeyReused, RequestInFlight
from apps.accounts.models import IdempotencyKey

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Claim:
    """Whose key it is, and what was asked under it."""

    principal: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def claim_key(claim: Claim) -> Answer | None:
    """The answer given before; None: carry the request out, nobody else will meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"idempotency {claim.principal} {claim.key}"],
        )
        if not cursor.fetchone()[0]:
            raise RequestInFlight(retry_after=1)
    given = IdempotencyKey.objects.filter(principal=claim.principal, key=claim.key).first()
    if given is None:
        return None
    if given.created_at <= timezone.now() - KEPT_FOR:
        given.delete()
        return None
    if not hmac.compare_digest(bytes(given.fingerprint), claim.fingerprint):
        raise IdempotencyKeyReused
    return Answer(given.status, bytes(given.body), given.headers)


def keep_answer(claim: Claim, answer: Answer) -> None:
    IdempotencyKey.objects.create(
        principal=claim.principal,
        key=claim.key,
        fingerprint=claim.fingerprint,
        status=answer.status,
        headers=answer.headers,
        body=answer.body,
    )


def purge_answers() -> int:
    expired = IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEPT_FOR)
    return expired.delete()[0]
