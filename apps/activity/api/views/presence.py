"""Who is here, over HTTP."""

import redis
from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.authentication import CredentialsChain
from apps.accounts.access.permissions import caller, credential, signed_in, standing
from apps.accounts.choices import Scope
from apps.accounts.models import User
from apps.accounts.ports import Credential
from apps.accounts.selectors.credentials import login_scopes
from apps.activity import presence
from apps.activity.api import shapes
from apps.activity.errors import PresenceTaken, PresenceUnknown, TooManyPresences
from apps.activity.hub import readers_here
from apps.activity.ports import Viewer
from apps.activity.presence import Presence
from apps.activity.selectors.events import feed_stats
from apps.activity.selectors.viewers import narrowed, viewer_of
from apps.activity.services.presence import join, leave
from apps.common.api.openapi import WORKSPACE_HEADER, errors
from apps.common.api.parsers import StrictJSONParser

AWAY = "Who is here is not known at the moment."


class PlainJSONParser(StrictJSONParser):
    """`navigator.sendBeacon` sends a string as text/plain."""

    media_type = "text/plain"


class BeaconCredentials(CredentialsChain):
    """A beacon carries the session cookie and cannot carry a CSRF token: where it comes from is
    read from `Origin`, which no page can forge. Without one, the token is asked for."""

    def _from_session(self, request: Request) -> tuple[User, Credential] | None:
        user = getattr(request._request, "user", None)
        here = f"{request.scheme}://{request.get_host()}"
        ours = request.headers.get("Origin") in (here, *settings.CSRF_TRUSTED_ORIGINS)
        if ours and isinstance(user, User) and user.is_active:
            return user, Credential(via="session", scopes=login_scopes(user))
        return super()._from_session(request)


@extend_schema(tags=["activity"])
class Presences(APIView):
    @extend_schema(
        summary="Who is here",
        description="In all workspaces the caller belongs to, or in the one that X-Workspace-Id "
        "names; the longest there first. Who stops saying so is gone after "
        f"{presence.LASTS:.0f} seconds.",
        parameters=[
            WORKSPACE_HEADER,
            OpenApiParameter("subject", str, description="Only those who look at this."),
        ],
        responses=shapes.PresencesSerializer,
    )
    def get(self, request: Request) -> Response:
        viewer = viewer_of(user=caller(request), credential=credential(request))
        if (wanted := request.headers.get("X-Workspace-Id")) is not None:
            viewer = narrowed(viewer, wanted)
        subject = request.query_params.get("subject")
        found, notes = _present_in(viewer)
        shown = [row for row in found if subject in (None, row.subject)]
        stats = feed_stats(viewer, subscribers=readers_here())
        return Response(
            {
                "presence": shapes.PresenceSerializer(shown, many=True).data,
                "stats": stats | {"presence": len(found)} | notes,
            }
        )


@extend_schema(tags=["activity"])
class Join(APIView):
    permission_classes = (signed_in(Scope.READ),)

    @extend_schema(
        summary="Say that you are here, or still here",
        description="Repeat it with the same client_id before "
        f"{presence.LASTS:.0f} seconds are over. Those who watch the workspace see you join once.",
        parameters=[WORKSPACE_HEADER],
        request=shapes.JoinSerializer,
        examples=[OpenApiExample("looking at", {"subject": "approval:42"}, request_only=True)],
        responses={200: shapes.JoinedSerializer, **errors(PresenceTaken, TooManyPresences)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.JoinSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        joined = join(
            workspace_id=wanted.get("workspace_id") or standing(request).workspace_id,
            client_id=wanted.get("client_id") or "",
            subject=wanted.get("subject") or "",
            actor=caller(request),
        )
        return Response({"presence": shapes.PresenceSerializer(joined).data})


@extend_schema(tags=["activity"])
class Leave(APIView):
    permission_classes = (signed_in(Scope.READ),)
    authentication_classes = (BeaconCredentials,)
    parser_classes = (StrictJSONParser, PlainJSONParser)

    @extend_schema(
        summary="Say that you leave",
        description="Only a presence of one's own. `navigator.sendBeacon` may call it with the "
        "session cookie: the Origin is checked in place of a CSRF token. Without a client_id "
        "nothing happens.",
        request=shapes.LeaveSerializer,
        examples=[OpenApiExample("leave", {"client_id": "tab-1"}, request_only=True)],
        auth=[{"bearer": []}, {"apiKey": []}, {"session": []}],  # type: ignore[list-item]
        responses={200: shapes.LeftSerializer, **errors(PresenceUnknown)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.LeaveSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if client_id := given.validated_data.get("client_id"):
            leave(client_id=client_id, actor=caller(request))
        return Response({"status": "ok"})


def _present_in(viewer: Viewer) -> tuple[list[Presence], dict[str, str]]:
    try:
        return presence.present_in(viewer.workspaces), {}
    except redis.RedisError:
        return [], {"note": AWAY}
