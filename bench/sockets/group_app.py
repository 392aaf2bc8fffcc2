"""Case (a): what most tutorials build. A consumer that joins a group for each socket."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.sockets.group_settings"

import django

django.setup()

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter

GROUP = "live"


class GroupConsumer(AsyncJsonWebsocketConsumer):
    async def connect(self):
        await self.accept()

    async def receive_json(self, content):
        if content["type"] == "hello":
            await self.send_json({"type": "ready"})
        elif content["type"] == "subscribe":
            await self.channel_layer.group_add(GROUP, self.channel_name)
            await self.send_json({"id": content["id"], "type": "ok"})

    async def disconnect(self, _):
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def event_happened(self, message):
        await self.send_json(message["frame"])


application = ProtocolTypeRouter({"websocket": GroupConsumer.as_asgi()})
