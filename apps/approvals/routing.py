"""Where the sockets of approvals are."""

from typing import Any

from django.urls import re_path

from apps.approvals.consumers import ApprovalsConsumer

routes: list[Any] = [
    re_path(
        r"^ws/(?P<user_id>[^/]{1,254})/(?P<client_type>[a-z0-9_-]{1,32})/?$",
        ApprovalsConsumer.as_asgi(),
    )
]
