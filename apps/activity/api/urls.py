"""The paths of activity: the promised short ones, and the same views under /api/v1."""

from typing import Any

from django.urls import URLPattern, path

from apps.activity.api.views import audit, webhooks
from apps.activity.api.views.feed import Feed
from apps.activity.api.views.presence import Join, Leave, Presences
from apps.activity.api.views.streams import named_events, stream

_VIEWS: dict[str, Any] = {
    "realtime/stream": stream,
    "realtime/feed": Feed.as_view(),
    "realtime/presence": Presences.as_view(),
    "realtime/presence/join": Join.as_view(),
    "realtime/presence/leave": Leave.as_view(),
    "events": named_events,
}

_WEBHOOK = "api/v1/webhooks/<uuid:webhook_id>"
_DELIVERY = f"{_WEBHOOK}/deliveries/<uuid:message_id>"

urlpatterns: list[URLPattern] = [
    *(path(prefix + route, view) for prefix in ("", "api/v1/") for route, view in _VIEWS.items()),
    path("api/v1/audit", audit.Audit.as_view()),
    path("api/v1/audit/verify", audit.AuditVerification.as_view()),
    path("api/v1/webhooks", webhooks.Webhooks.as_view()),
    path(_WEBHOOK, webhooks.Webhook.as_view()),
    path(f"{_WEBHOOK}/rotate", webhooks.Rotation.as_view()),
    path(f"{_WEBHOOK}/test", webhooks.Test.as_view()),
    path(f"{_WEBHOOK}/deliveries", webhooks.Deliveries.as_view()),
    path(_DELIVERY, webhooks.Delivery.as_view()),
    path(f"{_DELIVERY}/replay", webhooks.Replay.as_view()),
]
