"""How one wants to be asked."""

import re
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import PeopleOnly, caller, signed_in
from apps.accounts.choices import Scope
from apps.accounts.models import User
from apps.approvals.choices import MailMode
from apps.approvals.models.people import Attention
from apps.approvals.selectors.people import attention_of
from apps.approvals.services.attention import change_attention

CLOCK = re.compile("([01][0-9]|2[0-3]):[0-5][0-9]")


@extend_schema_field({"type": "string", "pattern": f"^{CLOCK.pattern}$", "example": "08:30"})
class ClockField(serializers.TimeField):
    """As a clock on a wall shows it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", **options)

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str) or not CLOCK.fullmatch(value):
            self.fail("invalid", format="hh:mm")
        return super().to_internal_value(value)


class AttentionShape(serializers.Serializer[Any]):
    mail = serializers.ChoiceField(choices=MailMode.choices)
    digest_at = ClockField(help_text="When the mail of a day is sent, where you are.")
    quiet_from = ClockField(allow_null=True, help_text="From then on no mail is sent. It waits.")
    quiet_until = ClockField(allow_null=True)
    remind = serializers.BooleanField(
        help_text="Whether to be reminded of what is due, and before it expires."
    )


class AttentionOutput(AttentionShape):
    time_zone = serializers.CharField(help_text="Of your profile: /api/v1/auth/me changes it.")


EXAMPLE = OpenApiExample(
    "One mail a day, and none at night",
    {
        "mail": "digest",
        "digest_at": "08:30",
        "quiet_from": "20:00",
        "quiet_until": "08:00",
        "remind": True,
    },
    request_only=True,
)


def shown(person: User, attention: Attention) -> Response:
    fields = {str(name): getattr(attention, str(name)) for name in AttentionShape().fields}
    return Response(AttentionOutput({**fields, "time_zone": person.time_zone}).data)


@extend_schema(tags=["approvals"])
class OwnAttention(APIView):
    permission_classes = (signed_in(Scope.WRITE), PeopleOnly)

    @extend_schema(summary="How you are asked", responses=AttentionOutput)
    def get(self, request: Request) -> Response:
        me = caller(request)
        return shown(me, attention_of(me.id))

    @extend_schema(
        summary="Say how you want to be asked",
        description="In all your workspaces. Times are those of your own time zone.",
        request=AttentionShape,
        responses=AttentionOutput,
        examples=[EXAMPLE],
    )
    def put(self, request: Request) -> Response:
        return self._change(request, partial=False)

    @extend_schema(
        summary="Change how you want to be asked",
        description="What you leave out stays as it is.",
        request=AttentionShape,
        responses=AttentionOutput,
        examples=[OpenApiExample("No mail", {"mail": "off"}, request_only=True)],
    )
    def patch(self, request: Request) -> Response:
        return self._change(request, partial=True)

    def _change(self, request: Request, *, partial: bool) -> Response:
        given = AttentionShape(data=request.data, partial=partial)
        given.is_valid(raise_exception=True)
        me = caller(request)
        return shown(me, change_attention(person=me, actor=me, **given.validated_data))
