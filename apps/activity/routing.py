"""Where the sockets of this room are, what can be watched and done there without any other room,
and what a path that is nowhere leads to."""

from typing import Any

from django.urls import path, re_path

from apps.activity import ports
from apps.activity.commands import presence_command
from apps.activity.consumers import LiveConsumer, Nowhere
from apps.activity.topics import system_topic, user_topic, workspace_topic

ports.commands["presence"] = presence_command
ports.topics.update(system=system_topic, user=user_topic, workspace=workspace_topic)

routes: list[Any] = [path("ws/v1/", LiveConsumer.as_asgi())]
nowhere: list[Any] = [re_path(r"", Nowhere.as_asgi())]
"""Comes last: it is refused while shaking hands."""
