"""Clients of the socket that shows what waits."""

from contextlib import asynccontextmanager

from tests.activity.live.servers import Live, connected


class Room(Live):
    operation = "ask"
    answers = ("ok", "error", "approval_result")

    async def until(self, kind):
        """The next frame of this kind; others before it are kept in `frames`."""
        while True:
            frame = await self.next()
            if frame["type"] == kind:
                return frame

    async def respond(self, request, approved=True, **more):
        more.setdefault("id", 1)
        return await self.ask(
            type="approval_response", request_id=str(request.id), approved=approved, **more
        )


@asynccontextmanager
async def in_room(server, person, key=None, client_type="web", query="", **options):
    path = f"/ws/{person}/{client_type}{query}"
    async with connected(server, key, path=path, client=Room, **options) as room:
        yield room
