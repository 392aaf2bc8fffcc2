"""The paths of activity: the promised short ones, and the same views under /api/v1."""

from typing import Any

from django.urls import URLPattern, path

from apps.activity.api.streams import named_events, stream
from apps.activity.api.views import Feed

_VIEWS: dict[str, Any] = {
    "realtime/stream": stream,
    "realtime/feed": Feed.as_view(),
    "events": named_events,
}

urlpatterns: list[URLPattern] = [
    path(prefix + route, view) for prefix in ("", "api/v1/") for route, view in _VIEWS.items()
]
