"""Where the sockets of approvals are, and what can be watched and done of them on any socket."""

from typing import Any

from django.urls import re_path

from apps.activity import ports
from apps.approvals.commands import decide, undo, withdraw
from apps.approvals.consumers import ApprovalsConsumer
from apps.approvals.topics import approval_topic

ports.commands.update(decide=decide, undo=undo, withdraw=withdraw)
ports.topics["approval"] = approval_topic

routes: list[Any] = [
    re_path(
        r"^ws/(?P<user_id>[^/]{1,254})/(?P<client_type>[a-z0-9_-]{1,32})/?$",
        ApprovalsConsumer.as_asgi(),
    )
]
