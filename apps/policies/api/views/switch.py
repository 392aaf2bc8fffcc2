"""The kill switch over HTTP. Both methods answer while it is on."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, signed_in, standing
from apps.accounts.choices import Scope
from apps.accounts.models import User
from apps.common.api.openapi import WORKSPACE_HEADER, errors
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.errors import KillSwitchHeld
from apps.policies.selectors.switch import held_by_environment, seen_switches
from apps.policies.services.switching import LONGEST_REASON, pull_switch, release_switch

SCOPES = ("workspace", "everything")


class SwitchOutput(serializers.Serializer[KillSwitch]):
    scope = serializers.ChoiceField(SCOPES)
    workspace_id = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    pulled_by = serializers.UUIDField(help_text="Zeros: somebody at the server, by command.")
    pulled_at = serializers.DateTimeField()

    def to_representation(self, instance: KillSwitch) -> dict[str, Any]:
        everywhere = instance.workspace_id == EVERYWHERE
        return {
            "scope": "everything" if everywhere else "workspace",
            "workspace_id": None if everywhere else str(instance.workspace_id),
            "reason": instance.reason,
            "pulled_by": str(instance.pulled_by),
            "pulled_at": instance.pulled_at,
        }


class SwitchesOutput(serializers.Serializer[Any]):
    held_by_environment = serializers.BooleanField(
        help_text="`KILL_SWITCH=on`: everything is stopped, and nothing inside can release it."
    )
    on = SwitchOutput(many=True, help_text="What is stopped, as far as it concerns you.")


class SwitchInput(serializers.Serializer[Any]):
    on = serializers.BooleanField(help_text="True pulls it, false releases it.")
    scope = serializers.ChoiceField(SCOPES, default="workspace")
    reason = serializers.CharField(
        max_length=LONGEST_REASON, help_text="Recorded, and shown in the console while it is on."
    )


def shown(user: User) -> dict[str, Any]:
    on = [SwitchOutput(switch).data for switch in seen_switches(user)]
    return {"held_by_environment": held_by_environment(), "on": on}


STOPPED = OpenApiExample(
    "A workspace is stopped",
    {
        "held_by_environment": False,
        "on": [
            {
                "scope": "workspace",
                "workspace_id": "0199a1f0-7c1d-7c3e-9d52-3f0a8a1b2c3d",
                "reason": "An agent's key leaked",
                "pulled_by": "0199a1f0-7c1d-7c3e-9d52-0b6f5d3e1a22",
                "pulled_at": "2026-11-21T08:00:00Z",
            }
        ],
    },
    response_only=True,
)


@extend_schema(tags=["kill switch"])
class Switch(APIView):
    permission_classes = (signed_in(Scope.MANAGE),)  # agents may read why they are refused
    stays_open = True

    @extend_schema(
        summary="What the kill switch stops now",
        responses=SwitchesOutput,
        examples=[STOPPED],
        operation_id="kill_switch_read",
    )
    def get(self, request: Request) -> Response:
        return Response(shown(caller(request)))

    @extend_schema(
        summary="Pull or release the kill switch",
        description="While it is on, no effect begins: whatever would change something answers "
        "503 `kill_switch`, and tasks, webhooks and mails wait. Reading, logging in, revoking and "
        "this go on. Owners and admins turn that of their workspace; `everything` is for "
        "operators. What is on already stays as it was pulled.",
        parameters=[WORKSPACE_HEADER],
        request=SwitchInput,
        responses={200: SwitchesOutput, **errors(KillSwitchHeld)},
        examples=[
            OpenApiExample("pull", {"on": True, "reason": "A key leaked"}, request_only=True),
            STOPPED,
        ],
        operation_id="kill_switch_turn",
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = SwitchInput(data=request.data)
        given.is_valid(raise_exception=True)
        wanted, me = given.validated_data, caller(request)
        place: UUID = (
            EVERYWHERE if wanted["scope"] == "everything" else standing(request).workspace_id
        )
        turn = pull_switch if wanted["on"] else release_switch
        turn(workspace_id=place, reason=wanted["reason"], actor=me)
        return Response(shown(me))
