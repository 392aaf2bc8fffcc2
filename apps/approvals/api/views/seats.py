"""Taking a request on, looking at it later, handing a seat over."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import PeopleOnly, caller, requires
from apps.accounts.choices import Permission
from apps.approvals.api.shapes import seats as shapes
from apps.approvals.api.shapes.requests import RequestOutput
from apps.approvals.api.views.requests import answer_with, asked_for
from apps.approvals.errors import (
    AlreadyClaimed,
    NobodyEligible,
    NotOpen,
    NotToHandOver,
    NotYourTurn,
    SelfApproval,
)
from apps.approvals.services import seats
from apps.common.api.openapi import errors

DECIDERS = (requires(Permission.DECIDE), PeopleOnly)
TO = OpenApiExample(
    "to a colleague", {"to": "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7"}, request_only=True
)


@extend_schema(tags=["approvals"])
class Claim(APIView):
    permission_classes = DECIDERS

    @extend_schema(
        summary="Take a request on",
        description="For 15 minutes; claim it again to go on. It tells others that you look at it "
        "and keeps nobody from deciding. 409 names who else has taken it on, and until when.",
        request=None,
        responses={200: RequestOutput, **errors(AlreadyClaimed, NotOpen, SelfApproval)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        found = asked_for(request, request_id)
        return answer_with(request, seats.claim_request(request_id=found.id, actor=caller(request)))


@extend_schema(tags=["approvals"])
class Unclaim(APIView):
    permission_classes = DECIDERS

    @extend_schema(
        summary="Let others take it on",
        request=None,
        responses={200: RequestOutput, **errors(AlreadyClaimed)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        found = asked_for(request, request_id)
        return answer_with(
            request, seats.unclaim_request(request_id=found.id, actor=caller(request))
        )


@extend_schema(tags=["approvals"])
class SnoozeIt(APIView):
    permission_classes = DECIDERS

    @extend_schema(
        summary="See it later",
        description="Until then it does not wait on you; it waits on others as before.",
        request=shapes.SnoozeInput,
        responses={200: shapes.SnoozeOutput, **errors(NotOpen)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        sent = shapes.SnoozeInput(data=request.data)
        sent.is_valid(raise_exception=True)
        snooze = seats.snooze_request(
            request_id=asked_for(request, request_id).id,
            until=sent.validated_data["until"],
            actor=caller(request),
        )
        return Response(shapes.SnoozeOutput(snooze).data)


@extend_schema(tags=["approvals"])
class Unsnooze(APIView):
    permission_classes = DECIDERS

    @extend_schema(summary="See it again", request=None, responses={204: None})
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        found = asked_for(request, request_id)
        seats.unsnooze_request(request_id=found.id, actor=caller(request))
        return Response(status=204)


@extend_schema(tags=["approvals"])
class Delegate(APIView):
    permission_classes = DECIDERS

    @extend_schema(
        summary="Hand your seat over",
        description="To a member who may decide, has no part in it and no seat in the open stage. "
        "Who has voted in it has used their seat.",
        request=shapes.DelegateInput,
        examples=[TO],
        responses={
            200: RequestOutput,
            **errors(NotYourTurn, SelfApproval, NotToHandOver, NobodyEligible, NotOpen),
        },
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        sent = shapes.DelegateInput(data=request.data)
        sent.is_valid(raise_exception=True)
        handed = seats.hand_over_request(
            request_id=asked_for(request, request_id).id,
            to=sent.validated_data["to"],
            actor=caller(request),
        )
        return answer_with(request, handed)


@extend_schema(tags=["approvals"])
class Reassign(APIView):
    permission_classes = (requires(Permission.MANAGE_MEMBERS), PeopleOnly)

    @extend_schema(
        summary="Give seats to more people",
        description="For those who manage members and have no part in it. Nobody loses a seat.",
        request=shapes.ReassignInput,
        responses={200: RequestOutput, **errors(SelfApproval, NotOpen)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        sent = shapes.ReassignInput(data=request.data)
        sent.is_valid(raise_exception=True)
        given = seats.reassign_request(
            request_id=asked_for(request, request_id).id,
            people=sent.validated_data["people"],
            actor=caller(request),
        )
        return answer_with(request, given)
