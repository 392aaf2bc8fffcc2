"""Acting before the others have decided, and what is looked at afterwards."""

from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import PeopleOnly, caller, requires, standing
from apps.accounts.choices import Permission
from apps.approvals.api.shapes.reviews import (
    BreakGlassInput,
    ReviewFilter,
    ReviewInput,
    ReviewOutput,
)
from apps.approvals.api.views.requests import asked_for
from apps.approvals.choices import Via
from apps.approvals.errors import (
    AlreadyDecided,
    BreakGlassShut,
    NotOpen,
    NotYourTurn,
    ReasonMissing,
    SelfApproval,
    ViewMissing,
    ViewMoved,
)
from apps.approvals.models.people import AfterReview
from apps.approvals.selectors.reviews import read_reviews, reviews_of
from apps.approvals.services.emergencies import break_glass
from apps.approvals.services.reviews import review_afterwards
from apps.common.api.openapi import errors

DECIDERS = (requires(Permission.DECIDE), PeopleOnly)


def shown(request: Request, review: AfterReview, *, status: int = 200) -> Response:
    review.request.refresh_from_db()
    return Response(ReviewOutput(read_reviews([review], caller(request))[0]).data, status=status)


@extend_schema(tags=["approvals"])
class BreakGlass(APIView):
    permission_classes = DECIDERS

    @extend_schema(
        summary="Act before the others have decided",
        description="Where the policy lets your role, and for nobody who has a part in it. It "
        "takes effect at once and cannot be undone; it can be vetoed until it is acted on. Owners "
        "and admins are alarmed, and somebody else has to look at it afterwards, if there is one.",
        request=BreakGlassInput,
        examples=[
            OpenApiExample(
                "an emergency",
                {"reason": "The till is down.", "digest": "9f2c" * 16},
                request_only=True,
            )
        ],
        responses={
            201: ReviewOutput,
            **errors(
                *(AlreadyDecided, BreakGlassShut, ReasonMissing),
                *(SelfApproval, ViewMissing, ViewMoved),
            ),
        },
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        sent = BreakGlassInput(data=request.data)
        sent.is_valid(raise_exception=True)
        review = break_glass(
            request_id=asked_for(request, request_id).id,
            actor=caller(request),
            via=Via.API,
            **sent.validated_data,
        )
        return shown(request, review, status=201)


@extend_schema(tags=["approvals"])
class Reviews(GenericAPIView[AfterReview]):
    permission_classes = (requires(Permission.READ),)
    queryset = AfterReview.objects.none()
    serializer_class = ReviewOutput
    orderings: tuple[str, ...] = ("-id", "due_at")

    @extend_schema(
        summary="What is looked at afterwards",
        description="What took effect before anybody decided: in an emergency, or because the "
        "policy let it pass and it was drawn.",
        parameters=[ReviewFilter],
        responses=ReviewOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = ReviewFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        me = caller(request)
        found = reviews_of(
            workspace_id=standing(request).workspace_id, actor=me, **asked.validated_data
        )
        page = read_reviews(self.paginate_queryset(found) or [], me)
        return self.get_paginated_response(ReviewOutput(page, many=True).data)


@extend_schema(tags=["approvals"])
class OneReview(APIView):
    permission_classes = DECIDERS

    @extend_schema(
        summary="Look at it afterwards",
        description="For who might have decided: neither who has a part in it nor who broke the "
        "glass. Where nobody else is left who might look, they acknowledge it themselves, and "
        "`apart` says so.",
        request=ReviewInput,
        responses={200: ReviewOutput, **errors(NotOpen, NotYourTurn, ReasonMissing, SelfApproval)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        sent = ReviewInput(data=request.data)
        sent.is_valid(raise_exception=True)
        review = review_afterwards(
            request_id=asked_for(request, request_id).id,
            actor=caller(request),
            **sent.validated_data,
        )
        return shown(request, review)
