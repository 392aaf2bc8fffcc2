"""Requests: the queue, and one of them with all that would change."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.approvals.api.shapes import requests as shapes
from apps.approvals.choices import State
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.endings import followed_by
from apps.approvals.selectors.queue import requests_of, waiting_on
from apps.approvals.selectors.requests import the_request
from apps.approvals.selectors.seen import seen
from apps.approvals.selectors.subjects import change_of, impact_of
from apps.common.api.preconditions import answer_with_tag, etag
from apps.common.errors import Invalid

READERS = (requires(Permission.READ),)


def asked_for(request: Request, request_id: UUID) -> ApprovalRequest:
    return the_request(
        request_id=request_id, actor=caller(request), workspace_id=standing(request).workspace_id
    )


def answer_with(request: Request, found: ApprovalRequest) -> Response:
    """As whoever asks sees it."""
    [shown] = seen([found], caller(request))
    return Response(shapes.one(shown))


@extend_schema(tags=["approvals"])
class Requests(GenericAPIView[ApprovalRequest]):
    permission_classes = READERS
    queryset = ApprovalRequest.objects.none()
    serializer_class = shapes.RequestOutput
    orderings: tuple[str, ...] = ("-id", "due", "risk")

    @extend_schema(
        summary="What is asked, and what waits on you",
        description="`waiting_on=me` shows what is yours to decide now. `ordering=due` begins with "
        "what is due first, `-risk` with the riskiest, `id` with the oldest.",
        parameters=[shapes.RequestFilter],
        responses=shapes.RequestOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = shapes.RequestFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        me, workspace_id = caller(request), standing(request).workspace_id
        found = requests_of(workspace_id=workspace_id, actor=me, **asked.asked())
        if asked.validated_data.get("waiting_on"):
            if asked.validated_data.get("state", State.PENDING) != State.PENDING:
                raise Invalid(details=[{"field": "state", "message": "What waits is pending."}])
            found = waiting_on(me, found, workspace_id=workspace_id)
        page = self.paginate_queryset(found) or []
        shown = shapes.RequestOutput(seen(page, me), many=True)
        return self.get_paginated_response(shown.data)


@extend_schema(tags=["approvals"])
class OneRequest(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="One request, with all that would change",
        description="`change` is rendered from what would be applied. The ETag names the view, so "
        "that it can be sent as If-Match with a vote.",
        responses=shapes.WholeRequestOutput,
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        found = asked_for(request, request_id)
        [shown] = seen([found], caller(request))
        body = shapes.whole(shown, change_of(found), followed_by=followed_by(found))
        return answer_with_tag(request, tag_of(found, body), body)


@extend_schema(tags=["approvals"])
class Impact(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="What else depends on what would change",
        description="As far as you may see it, and as things are now. It may take a second or two.",
        responses=shapes.ImpactOutput,
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        affected = impact_of(asked_for(request, request_id), caller(request))
        return Response(shapes.ImpactOutput({"affected": affected}).data)


def tag_of(found: ApprovalRequest, body: dict[str, Any]) -> str:
    """Another one whenever anything shown is; it begins with the digest of the view."""
    return f'"{found.view_digest}.{etag(found.id, body)[1:17]}"'
