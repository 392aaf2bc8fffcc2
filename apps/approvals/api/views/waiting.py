"""Waiting for what comes of a request."""

from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, credential
from apps.accounts.models import User
from apps.accounts.selectors.credentials import credential_stands
from apps.activity.errors import TooManyWaits
from apps.activity.ports import Viewer
from apps.activity.selectors.viewers import narrowed, viewer_of
from apps.activity.threads import in_database
from apps.approvals.api.shapes import waiting as shapes
from apps.approvals.api.views.requests import READERS, asked_for
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.endings import endings_of
from apps.approvals.selectors.requests import the_request
from apps.approvals.waiting import NotAllowedAnyMore, ending_of
from apps.common.api.openapi import errors
from apps.common.asgi import Later
from apps.common.errors import Unauthenticated


@extend_schema(tags=["approvals"])
class Wait(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="Wait for what comes of it",
        description="Answers as soon as it is known, at once where it is already; else after "
        "`timeout` seconds with `outcome: null`: ask again. With `questions`, also as soon as "
        "more are open than you know of. Not enough votes in time is `expired` and not `denied`. "
        "Approval that can still be taken back is no outcome yet. Who loses the "
        "key or the membership they wait with gets 401 or 404.",
        parameters=[shapes.WaitQuery],
        responses={200: shapes.EndingOutput, **errors(TooManyWaits)},
    )
    def get(self, request: Request, request_id: UUID) -> HttpResponseBase:
        asked = shapes.WaitQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found, given = asked_for(request, request_id), asked.validated_data
        can_wait = hasattr(request._request, "scope")
        if found.outcome or not given["timeout"] or not can_wait:
            return Response(shapes.EndingOutput(endings_of([found.id])[found.id]).data)
        me = viewer_of(user=caller(request), credential=credential(request))
        viewer = narrowed(me, str(found.workspace_id))
        return Later(partial(_answer, found, caller(request), viewer, given))


async def _answer(
    found: ApprovalRequest, user: User, viewer: Viewer, given: dict[str, Any]
) -> HttpResponse:
    try:
        ending = await ending_of(
            found, viewer=viewer, seconds=given["timeout"], questions=given["questions"]
        )
    except NotAllowedAnyMore:
        await in_database(_refuse, found, user, viewer)
        raise Unauthenticated from None
    return JsonResponse(shapes.EndingOutput(ending).data)


def _refuse(found: ApprovalRequest, user: User, viewer: Viewer) -> None:
    """Says which of the two was lost."""
    if credential_stands(user=user, credential=viewer.credential):
        the_request(request_id=found.id, actor=user)
