"""What models are used for and cost, and the budget of a workspace."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.common.api.openapi import WORKSPACE_HEADER
from apps.inference.rules import HIGHEST_BUDGET, written
from apps.inference.selectors import Usage, Used, usage
from apps.inference.services.budgets import set_budget


class DollarsField(serializers.DecimalField):
    """US dollars, as decimal text, so that nobody rounds them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=20, decimal_places=10, coerce_to_string=True, **options)

    def to_representation(self, value: Decimal) -> str:
        return written(value)


@extend_schema_field({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"})
class MonthField(serializers.DateTimeField):
    def __init__(self, **options: Any) -> None:
        super().__init__(format="%Y-%m", **options)


class UsedOutput(serializers.Serializer[Used]):
    model = serializers.CharField()
    purpose = serializers.CharField()
    uses = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Of them. What they cost is counted.")
    texts = serializers.IntegerField()
    tokens = serializers.IntegerField()
    cost = DollarsField()
    ms = serializers.IntegerField(help_text="How long they took together.")


class UsageOutput(serializers.Serializer[Usage]):
    month = MonthField()
    spent = DollarsField(help_text="US dollars, with what is under way.")
    by_model = UsedOutput(many=True, source="rows", help_text="The dearest first.")


class MonthInput(serializers.Serializer[Any]):
    month = serializers.RegexField(
        r"^20\d\d-(0[1-9]|1[0-2])$",
        required=False,
        help_text="Like `2026-11`, in UTC. Without it: this one.",
    )

    def validate_month(self, text: str) -> datetime:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)


class BudgetOutput(serializers.Serializer[Usage]):
    monthly = DollarsField(
        allow_null=True, source="budget", help_text="US dollars. Null: as much as it takes."
    )
    spent = DollarsField(help_text="Of this month.")
    until = serializers.DateTimeField(help_text="When the next month begins.")


class BudgetInput(serializers.Serializer[Any]):
    monthly = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=HIGHEST_BUDGET,
        allow_null=True,
        help_text="US dollars for each month. Null: as much as it takes.",
    )


@extend_schema(tags=["models"])
class UsageOfMonth(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="What models were used for, and what that cost",
        parameters=[WORKSPACE_HEADER, MonthInput],
        responses=UsageOutput,
        operation_id="inference_usage",
    )
    def get(self, request: Request) -> Response:
        asked = MonthInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place = standing(request).workspace_id
        found = usage(
            workspace_id=place, actor=caller(request), month=asked.validated_data.get("month")
        )
        return Response(UsageOutput(found).data)


@extend_schema(tags=["models"])
class MonthlyBudget(APIView):
    permission_classes = (requires(Permission.MANAGE_WORKSPACE),)

    @extend_schema(
        summary="What may be spent on models in a month",
        parameters=[WORKSPACE_HEADER],
        responses=BudgetOutput,
        operation_id="inference_budget_read",
    )
    def get(self, request: Request) -> Response:
        return self._shown(request)

    @extend_schema(
        summary="Set what may be spent on models in a month",
        description="For owners and admins. When it is spent, models that cost something are not "
        "asked until the next month begins (409 `budget_spent`); those that cost nothing are.",
        parameters=[WORKSPACE_HEADER],
        request=BudgetInput,
        responses=BudgetOutput,
        examples=[OpenApiExample("25 dollars", {"monthly": "25.00"}, request_only=True)],
        operation_id="inference_budget_set",
    )
    def put(self, request: Request) -> Response:
        given = BudgetInput(data=request.data)
        given.is_valid(raise_exception=True)
        set_budget(
            workspace_id=standing(request).workspace_id,
            monthly=given.validated_data["monthly"],
            actor=caller(request),
        )
        return self._shown(request)

    def _shown(self, request: Request) -> Response:
        found = usage(workspace_id=standing(request).workspace_id, actor=caller(request))
        return Response(BudgetOutput(found).data)
