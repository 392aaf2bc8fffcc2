"""What stands before Django on the ASGI side."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import structlog
from asgiref.sync import SyncToAsync, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from apps.common import context
from apps.common.api.errors import envelope, explain, headers
from apps.common.errors import Internal, TooLarge
from apps.common.ids import uuid7

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = structlog.get_logger("lattice.http")


class _BodyTooLarge(Exception):
    pass


class BodyLimit:
    """Stops reading a request that is larger than any door of ours takes.

    Django spools a body to disk before anybody looks at it, however long it is.
    """

    def __init__(self, app: Any, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > self.limit:
                    raise _BodyTooLarge
            return message

        try:
            await self.app(scope, counted, send)
        except _BodyTooLarge:
            await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        request_id = str(uuid7())
        with context.call(request_id=request_id):
            body = orjson.dumps(envelope(TooLarge(f"A body may have up to {self.limit:,} bytes.")))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Later(StreamingHttpResponse):
    """An answer of which nothing is known yet, its status neither. Whoever waits for it holds no
    thread and no connection to the database. Who goes away cancels it."""

    def __init__(self, answer: Callable[[], Awaitable[HttpResponse]]) -> None:
        super().__init__()
        self._answer = answer

    async def come(self) -> HttpResponse:
        await let_go_of_thread()
        with context.call(request_id=self.get("X-Request-Id", "")):
            try:
                answer = await self._answer()
            except Exception as failure:  # noqa: BLE001 (nobody further out would answer)
                answer = _refusal(failure)
        for name, value in self.items():
            if name not in answer:
                answer[name] = value
        return answer


class Handler(ASGIHandler):
    """Django's, that can also wait for an answer."""

    async def send_response(self, response: HttpResponseBase, send: Any) -> None:
        found = await response.come() if isinstance(response, Later) else response
        await super().send_response(found, send)


def _refusal(failure: Exception) -> HttpResponse:
    error = explain(failure)
    if error is None:
        log.error("An answer that was waited for failed", exc_info=failure)
        error = Internal()
    return JsonResponse(envelope(error), status=error.status, headers=headers(error))


async def let_go_of_thread() -> None:
    """Django gives each request a thread of its own and keeps it until the answer has ended, with
    its connection to the database. This answer takes its time."""
    await sync_to_async(connections.close_all)()
    held = SyncToAsync.thread_sensitive_context.get(None)
    executor = SyncToAsync.context_to_thread_executor.pop(held, None) if held else None
    if executor is not None:
        executor.shutdown(wait=False)
