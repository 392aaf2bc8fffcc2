"""The feed: what happened lately."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, credential
from apps.activity.frames import shape
from apps.activity.hub import readers_here
from apps.activity.selectors.events import FEED_LIMIT, feed_stats, latest_events
from apps.activity.selectors.viewers import narrowed, viewer_of
from apps.activity.sentences import sentences
from apps.common.errors import Invalid

DEFAULT_LIMIT = 50


class EventSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="The workspace's counter: the order of its events.")
    received_at = serializers.DateTimeField()
    area = serializers.CharField()
    event_type = serializers.CharField()
    workspace_id = serializers.UUIDField(allow_null=True)
    payload = serializers.DictField()
    id = serializers.UUIDField()
    timestamp = serializers.DateTimeField()
    type = serializers.CharField(help_text="As docs/events.md lists it.")
    actor = serializers.DictField(child=serializers.CharField())
    text = serializers.CharField(help_text="What happened, for people.")


class StatsSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    subscribers = serializers.IntegerField(help_text="Sockets and streams open in this process.")
    presence = serializers.IntegerField()
    feed_size = serializers.IntegerField()
    transport = serializers.CharField()


class FeedSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    stats = StatsSerializer()


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
        responses=FeedSerializer,
    )
    def get(self, request: Request) -> Response:
        viewer = viewer_of(user=caller(request), credential=credential(request))
        if wanted := request.headers.get("X-Workspace-Id"):
            viewer = narrowed(viewer, wanted)
        events = latest_events(viewer, limit=_limit(request))
        return Response(
            {
                "events": [
                    shape(event, text)
                    for event, text in zip(events, sentences(events), strict=True)
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
