"""What stands before Django on the ASGI side."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from apps.common import context
from apps.common.api.errors import envelope
from apps.common.errors import TooLarge
from apps.common.ids import uuid7

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


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
