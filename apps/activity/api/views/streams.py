"""/realtime/stream and /events. What they need of a request is read on its thread, once."""

from typing import Any

from asgiref.sync import sync_to_async
from django.db import Error as DatabaseError
from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from rest_framework.request import Request

from apps.accounts.access.authentication import CredentialsChain
from apps.accounts.access.permissions import caller, credential
from apps.accounts.models import User
from apps.accounts.ports import Credential
from apps.accounts.services.authentication import identify
from apps.activity import hub
from apps.activity.ports import Viewer
from apps.activity.selectors.viewers import narrowed, unseeing, viewer_of
from apps.activity.streams import NAMED, PLAIN, Stream, Style

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no", "Connection": "keep-alive"}


@csrf_exempt  # a plain answer to who posts here; nothing is done
@require_GET
async def stream(request: HttpRequest) -> StreamingHttpResponse:
    return await _streaming(request, PLAIN)


@csrf_exempt
@require_GET
async def named_events(request: HttpRequest) -> StreamingHttpResponse:
    return await _streaming(request, NAMED)


async def _streaming(request: HttpRequest, style: Style) -> StreamingHttpResponse:
    viewer = await sync_to_async(_viewer_of)(request)
    hub.here().make_sure_of_room(viewer)
    kinds = [kind for kind in request.GET.get("kinds", "").split(",") if kind]
    asgi: dict[str, Any] = getattr(request, "scope", {})
    opened = Stream(
        viewer,
        style,
        scope=asgi,
        last_event_id=request.headers.get("Last-Event-ID", ""),
        kinds=kinds,
    )
    return StreamingHttpResponse(opened.lines(), content_type="text/event-stream", headers=HEADERS)


def _viewer_of(request: HttpRequest) -> Viewer:
    user, proved = _caller(request)
    wanted = request.headers.get("X-Workspace-Id", request.GET.get("workspace_id") or None)
    try:
        viewer = viewer_of(user=user, credential=proved)
    except DatabaseError:
        return unseeing(user=user, credential=proved)
    return viewer if wanted is None else narrowed(viewer, wanted)


def _caller(request: HttpRequest) -> tuple[User, Credential]:
    """EventSource cannot send headers: it may give its token or key in the query."""
    secret = request.GET.get("token") or request.GET.get("key")
    if secret and not {"Authorization", "X-API-Key"} & set(request.headers):
        return identify(secret)
    asked = Request(request, authenticators=[CredentialsChain()])
    return caller(asked), credential(asked)
