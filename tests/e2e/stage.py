"""The house as it is, and a door by which a test shows it the test's own database."""

from asgiref.sync import sync_to_async

from config.asgi import application as house  # it sets Django up

# isort: split
from apps.activity import hub
from tests.databases import point_at

DOOR = "/stage/"
"""And then the name of the database."""


async def application(scope, receive, send):
    if scope["type"] != "http" or not scope["path"].startswith(DOOR):
        await house(scope, receive, send)
        return
    name = scope["path"].removeprefix(DOOR)
    await sync_to_async(point_at, thread_sensitive=False)(name)
    hub.here().epoch = ""  # it is read anew
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})
