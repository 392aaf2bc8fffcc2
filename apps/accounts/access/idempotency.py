"""`Idempotency-Key` on views that create or decide.

    class Keys(APIView):
        @idempotent(shown_once=["api_key"])
        def post(self, request): ...

The view runs inside a unit of work that also stores its answer, so a retry finds both or neither.
A refusal is raised, rolls back and is not kept: the retry is judged anew. One that is itself on
the record (a denial by policy) is not kept either, but what was recorded of it stays.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.utils.crypto import salted_hmac
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.permissions import caller, credential
from apps.accounts.errors import InvalidIdempotencyKey
from apps.accounts.services.idempotency import Answer, Claim, claim_key, keep_answer
from apps.common.errors import DomainError
from apps.ledger.services import unit

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
NOTICE = "Shown once, in the first answer to this request."
_KEPT_HEADERS = ("Location", "ETag")
_SOUND = re.compile(r"[!-~]{1,255}")

P = ParamSpec("P")
View = TypeVar("View")
Post = Callable[Concatenate[View, Request, P], Response]


def idempotent(*, shown_once: Sequence[str] = ()) -> Callable[[Post[View, P]], Post[View, P]]:
    """Fields named in `shown_once` are secrets: a replay has null there, and a `notice`."""

    def decorate(post: Post[View, P]) -> Post[View, P]:
        @wraps(post)
        def once(view: View, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return post(view, request, *args, **kwargs)
            claim = _claim(request, key)
            with unit(actor=caller(request)):
                given = claim_key(claim)
                if given:
                    return _replay(given)
                try:
                    response = post(view, request, *args, **kwargs)
                except DomainError as refusal:
                    if not refusal.on_record:
                        raise
                    refused = refusal
                else:
                    keep_answer(claim, _answer(response, shown_once))
                    return response
            raise refused

        once.is_idempotent = True  # type: ignore[attr-defined]
        return cast("Post[View, P]", once)

    return decorate


def _claim(request: Request, key: str) -> Claim:
    if not _SOUND.fullmatch(key):
        raise InvalidIdempotencyKey(details=[{"field": HEADER, "message": "1 to 255 of ! to ~."}])
    confined = credential(request).confined_to or request.headers.get("X-Workspace-Id", "")
    asked = f"{request.method} {request.get_full_path()} {confined}\n".encode() + request.body
    # Keyed, because a body may hold something that can be guessed.
    fingerprint = salted_hmac("idempotency", asked, algorithm="sha256").digest()
    return Claim(f"user:{caller(request).id}", key, fingerprint)


def _answer(response: Response, shown_once: Sequence[str]) -> Answer:
    kept = response.data
    if shown_once and isinstance(kept, dict):
        kept = {**kept, **dict.fromkeys(shown_once), "notice": NOTICE}
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    body = b"" if kept is None else JSONRenderer().render(kept)
    return Answer(response.status_code, body, headers)


def _replay(given: Answer) -> Response:
    body: Any = json.loads(given.body) if given.body else None
    return Response(body, status=given.status, headers={**given.headers, REPLAYED: "true"})
