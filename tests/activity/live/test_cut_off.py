"""A consumer that its server cuts off leaves nothing of itself behind."""

import asyncio
from contextlib import suppress

from channels.testing import WebsocketCommunicator

from apps.activity import hub
from apps.activity.consumers import LiveConsumer
from tests.activity.live.servers import PATIENCE


async def test_consumer_that_is_cut_off_is_no_reader_any_more(house):
    headers = [(b"x-api-key", house.key.encode())]
    socket = WebsocketCommunicator(LiveConsumer.as_asgi(), "/ws/v1/", headers)
    assert (await socket.connect(timeout=PATIENCE))[0]
    assert (await socket.receive_json_from(timeout=PATIENCE))["type"] == "ready"
    assert len(hub.here().readers) == 1
    socket.future.cancel()
    with suppress(asyncio.CancelledError):
        await socket.future
    assert not hub.here().readers
