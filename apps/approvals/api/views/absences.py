"""Who is away, and who stands in for them."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import PeopleOnly, caller, requires, standing
from apps.accounts.choices import Permission
from apps.approvals.errors import AbsenceOverlaps, DelegateUnfit
from apps.approvals.models.people import Absence
from apps.approvals.selectors.people import absences_of
from apps.approvals.services.absences import end_absence, set_absence
from apps.common.api.openapi import errors

WRITERS = (requires(Permission.WRITE), PeopleOnly)


class AbsenceOutput(serializers.Serializer[Absence]):
    id = serializers.UUIDField()
    person = serializers.UUIDField(source="person_id")
    delegate = serializers.UUIDField(source="delegate_id", allow_null=True)
    begins_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class AbsenceInput(serializers.Serializer[Any]):
    person = serializers.UUIDField(
        required=False, help_text="Not said: you. Others', for who manages members."
    )
    delegate = serializers.UUIDField(
        default=None, allow_null=True, help_text="Who decides in this seat meanwhile."
    )
    begins_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


HOLIDAY = OpenApiExample(
    "A holiday",
    {
        "delegate": "0199a1f0-7c1d-7c3e-9d52-0b6f5d3e1a22",
        "begins_at": "2030-07-01T00:00:00+02:00",
        "ends_at": "2030-07-15T00:00:00+02:00",
    },
    request_only=True,
)


@extend_schema(tags=["approvals"])
class Absences(GenericAPIView[Absence]):
    permission_classes = WRITERS
    queryset = Absence.objects.none()
    serializer_class = AbsenceOutput

    @extend_schema(
        summary="Who is away now or later, and who stands in",
        responses=AbsenceOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        found = absences_of(workspace_id=standing(request).workspace_id, actor=caller(request))
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Say that you are away, and who decides in your seat meanwhile",
        description="The delegate decides on what you could decide on, except for what they or "
        "their agents propose. Nobody stands in for who stands in.",
        request=AbsenceInput,
        responses={201: AbsenceOutput, **errors(AbsenceOverlaps, DelegateUnfit)},
        examples=[HOLIDAY],
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = AbsenceInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        absence = set_absence(
            workspace_id=standing(request).workspace_id,
            actor=me,
            **{"person": me.id, **given.validated_data},
        )
        return Response(AbsenceOutput(absence).data, status=201)


@extend_schema(tags=["approvals"])
class OneAbsence(APIView):
    permission_classes = WRITERS

    @extend_schema(
        summary="Say that you are back, or do not go",
        description="What was decided in your seat stays.",
        responses={204: None},
    )
    def delete(self, request: Request, absence_id: UUID) -> Response:
        end_absence(
            absence_id=absence_id,
            workspace_id=standing(request).workspace_id,
            actor=caller(request),
        )
        return Response(status=204)
