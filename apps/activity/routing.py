"""Where the sockets are. A path that is not here is refused while shaking hands."""

from typing import Any

from channels.routing import URLRouter
from django.urls import path, re_path

from apps.activity.consumers import LiveConsumer, Nowhere

sockets: Any = URLRouter([path("ws/v1/", LiveConsumer.as_asgi()), re_path(r"", Nowhere.as_asgi())])
