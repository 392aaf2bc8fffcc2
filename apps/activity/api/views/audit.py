"""What happened in a workspace, for whoever may read it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import requires, standing
from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require_permission
from apps.ledger.models import Event
from apps.ledger.selectors import events_of, presented
from apps.ledger.verification import verify

LARGEST_SEQ = 2**63 - 1


class AuditFilters(serializers.Serializer[Any]):
    type = serializers.CharField(
        required=False,
        max_length=100,
        help_text="A type, or what it begins with: `accounts.member` is all about members.",
    )
    actor = serializers.UUIDField(required=False, help_text="Who did it.")
    about = serializers.CharField(
        required=False, max_length=200, help_text="An id that the event mentions."
    )
    since = serializers.DateTimeField(required=False, help_text="At this moment or later.")
    until = serializers.DateTimeField(required=False, help_text="Before this moment.")
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=LARGEST_SEQ, help_text="With a `seq` above this."
    )
    before = serializers.IntegerField(
        required=False, min_value=0, max_value=LARGEST_SEQ, help_text="With a `seq` below this."
    )
    request_id = serializers.CharField(
        required=False, max_length=64, help_text="All that one request did."
    )


class AuditActor(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(["person", "agent", "system"])


class AuditEvent(serializers.Serializer[Event]):
    id = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="1, 2, 3 … without gaps within the workspace.")
    type = serializers.CharField()
    at = serializers.DateTimeField()
    actor = AuditActor()
    payload = serializers.JSONField()
    request_id = serializers.CharField()
    trace_id = serializers.CharField()
    via = serializers.CharField(help_text="The door and credential it came through.")
    previous_hash = serializers.CharField()
    hash = serializers.CharField()

    def to_representation(self, instance: Event) -> dict[str, Any]:
        return super().to_representation(presented(instance))  # type: ignore[arg-type]


@extend_schema(tags=["audit"])
class Audit(GenericAPIView[Event]):
    permission_classes = (requires(Permission.WRITE),)
    queryset = Event.objects.none()
    serializer_class = AuditEvent
    orderings = ("-seq",)

    @extend_schema(
        summary="What happened in the workspace, newest first",
        operation_id="audit_list",
        parameters=[AuditFilters],
        responses=AuditEvent(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = AuditFilters(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = events_of(standing(request).workspace_id, **asked.validated_data)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class VerifyOptions(serializers.Serializer[Any]):
    whole = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Read the whole chain, not only what came after the last checkpoint. "
        "For who manages the workspace.",
    )


class AuditFinding(serializers.Serializer[Any]):
    kind = serializers.CharField()
    seq = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()


class AuditCheckpoint(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()


class AuditResidual(serializers.Serializer[Any]):
    events = serializers.IntegerField(help_text="Events that no checkpoint covers yet.")
    since = serializers.DateTimeField(allow_null=True)


class AuditVerdict(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    events = serializers.IntegerField(help_text="How many were read.")
    findings = AuditFinding(many=True, help_text="What is wrong, and at which event first.")
    last_checkpoint = AuditCheckpoint(allow_null=True)
    residual = AuditResidual()


@extend_schema(tags=["audit"])
class AuditVerification(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="Whether the workspace's history is as it was written",
        operation_id="audit_verify",
        parameters=[VerifyOptions],
        responses=AuditVerdict,
        examples=[
            OpenApiExample(
                "Sound",
                value={
                    "ok": True,
                    "events": 3,
                    "findings": [],
                    "last_checkpoint": {"number": 1440, "at": "2026-11-21T04:30:00Z"},
                    "residual": {"events": 3, "since": "2026-11-21T04:30:12Z"},
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        options = VerifyOptions(data=request.query_params)
        options.is_valid(raise_exception=True)
        whole, here = options.validated_data["whole"], standing(request)
        if whole:
            require_permission(here, Permission.MANAGE_WORKSPACE)
        verdict = verify(workspace=here.workspace_id, since_checkpoint=not whole)
        return Response(AuditVerdict(verdict.facts_of_one_chain()).data)
