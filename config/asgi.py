"""The one ASGI application: HTTP to Django, sockets to the consumers."""

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from apps.activity import routing as activity  # noqa: E402
from apps.approvals import routing as approvals  # noqa: E402
from apps.common.asgi import BodyLimit, Handler  # noqa: E402

call_command("check", verbosity=0)  # a server does not start on settings that are not safe

gc.collect()
gc.freeze()  # what is loaded by now stays, so the collector need not look at it again

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(Handler(), settings.LARGEST_BODY),
        "websocket": URLRouter([*activity.routes, *approvals.routes, *activity.nowhere]),
    }
)
