"""ETag, If-Match and If-None-Match (RFC 9110): nobody overwrites or approves what they did not see.

tag = etag(policy.version)
require_match(request, tag)          # 428 if the caller did not say, 412 if it has moved on
"""

import hashlib

from django.utils.http import parse_etags
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.errors import PreconditionFailed, PreconditionRequired


def etag(*versions: object) -> str:
    """A strong tag made of whatever changes when the representation does."""
    text = "\0".join(str(version) for version in versions)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def require_match(request: Request, tag: str, *, required: bool = True) -> None:
    given = request.headers.get("If-Match")
    if given is None:
        if required:
            raise PreconditionRequired("Send the ETag of what you read as If-Match.")
    elif given.strip() != "*" and tag not in parse_etags(given):
        raise PreconditionFailed


def answer_with_tag(request: Request, tag: str, body: object, *, status: int = 200) -> Response:
    """The representation with its tag, or 304 for a reader who has it already."""
    given = request.headers.get("If-None-Match")
    headers = {"ETag": tag}
    if request.method in ("GET", "HEAD") and given is not None:
        seen = [found.removeprefix("W/") for found in parse_etags(given)]
        if given.strip() == "*" or tag in seen:
            return Response(status=304, headers=headers)
    return Response(body, status=status, headers=headers)
