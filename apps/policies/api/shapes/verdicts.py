"""How a verdict is shown."""

from typing import Any

from rest_framework import serializers

from apps.policies.choices import Effect, Reason, RiskLevel
from apps.policies.ports import Verdict


class RiskPartOutput(serializers.Serializer[Any]):
    factor = serializers.CharField()
    points = serializers.IntegerField()
    why = serializers.CharField()


class RiskOutput(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=0, max_value=100)
    level = serializers.ChoiceField(choices=RiskLevel.choices)
    parts = RiskPartOutput(many=True)


class DenialOutput(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=Reason.choices)
    message = serializers.CharField()
    vars()["field"] = serializers.CharField()
    rule = serializers.CharField()


class StageOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    quorum = serializers.IntegerField()
    roles = serializers.ListField(child=serializers.CharField())
    people = serializers.ListField(child=serializers.CharField())
    due_minutes = serializers.IntegerField(allow_null=True)
    expires_minutes = serializers.IntegerField(allow_null=True)
    business_hours = serializers.BooleanField()
    escalate_to = serializers.ListField(child=serializers.CharField())
    rules = serializers.ListField(child=serializers.CharField())


class VerdictOutput(serializers.Serializer[Any]):
    effect = serializers.ChoiceField(choices=Effect.choices)
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=Reason.choices))
    risk = RiskOutput()
    denials = DenialOutput(many=True)
    stages = StageOutput(many=True)
    trace = serializers.ListField(
        child=serializers.DictField(),
        help_text="Every gate and rule that was considered, what became of it, why, and its line.",
    )
    hits = serializers.ListField(
        child=serializers.DictField(), help_text="What the risk gate found, with line and column."
    )
    policy_digest = serializers.CharField()
    policy_source = serializers.CharField()
    input_digest = serializers.CharField()
    record = serializers.UUIDField(allow_null=True, help_text="The act's record, if it was kept.")

    class Meta:
        ref_name = "Verdict"


def verdict_shown(verdict: Verdict) -> dict[str, Any]:
    reasons = sorted({denial.reason.value for denial in verdict.denials})
    return {**verdict.as_json(), "reasons": reasons}


def verdict_in_short(verdict: Verdict) -> dict[str, Any]:
    return {
        "effect": verdict.effect.value,
        "risk": {"score": verdict.risk.score, "level": verdict.risk.level.value},
        "reasons": sorted({denial.reason.value for denial in verdict.denials}),
        "stages": [stage.name for stage in verdict.stages],
    }
