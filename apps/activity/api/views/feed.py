"""The feed: what happened lately."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, credential
from apps.activity.api import shapes
from apps.activity.frames import shape
from apps.activity.hub import readers_here
from apps.activity.selectors.events import FEED_LIMIT, feed_stats, latest_events
from apps.activity.selectors.viewers import narrowed, viewer_of
from apps.activity.wording import told
from apps.common.errors import Invalid

DEFAULT_LIMIT = 50


class Feed(APIView):
    @extend_schema(
        summary="What happened lately",
        description="Newest first, of all workspaces the caller belongs to, or of the one that "
        "X-Workspace-Id names. To miss nothing, read a stream or the socket.",
        tags=["activity"],
        parameters=[
            OpenApiParameter(
                "limit",
                int,
                description=f"How many events at most: 1 to {FEED_LIMIT}; {DEFAULT_LIMIT} unless "
                "told. What lies outside is taken as the nearest of these.",
            )
        ],
        responses=shapes.FeedSerializer,
    )
    def get(self, request: Request) -> Response:
        viewer = viewer_of(user=caller(request), credential=credential(request))
        if (wanted := request.headers.get("X-Workspace-Id")) is not None:
            viewer = narrowed(viewer, wanted)
        events = latest_events(viewer, limit=_limit(request))
        return Response(
            {
                "events": [
                    shape(event, text) for event, text in zip(events, told(events), strict=True)
                ],
                "stats": feed_stats(viewer, subscribers=readers_here()),
            }
        )


def _limit(request: Request) -> int:
    try:
        wanted = int(request.query_params.get("limit", DEFAULT_LIMIT))
    except ValueError as error:
        raise Invalid(details=[{"field": "limit", "message": "A whole number."}]) from error
    return min(max(wanted, 1), FEED_LIMIT)
