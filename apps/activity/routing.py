"""Where the sockets of this room are, and what a path that is nowhere leads to."""

from typing import Any

from django.urls import path, re_path

from apps.activity.consumers import LiveConsumer, Nowhere

routes: list[Any] = [path("ws/v1/", LiveConsumer.as_asgi())]
nowhere: list[Any] = [re_path(r"", Nowhere.as_asgi())]
"""Comes last: it is refused while shaking hands."""
