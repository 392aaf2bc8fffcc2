"""Links in mails: signed for one person and one request, good until the request expires or for
thirty days. They open a page for whoever is logged in as that person, and decide nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils import timezone

SALT = "approvals.open"
GOOD_FOR = timedelta(days=30)


@dataclass(frozen=True)
class Link:
    person: UUID
    request: UUID


def link_to(*, request: UUID, person: UUID, expires_at: datetime | None) -> str:
    until = timezone.now() + GOOD_FOR
    ends = min(until, expires_at) if expires_at else until
    token = signing.dumps([request.hex, person.hex, int(ends.timestamp())], salt=SALT)
    return f"{settings.PUBLIC_URL}/approvals/open/{token}"


def read_link(token: str) -> Link | None:
    """None: nobody signed it, or its time is over."""
    try:
        request, person, ends = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    if ends <= timezone.now().timestamp():
        return None
    return Link(person=UUID(person), request=UUID(request))
