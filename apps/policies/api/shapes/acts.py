"""What the views of acts and replays read and show."""

from typing import Any

from rest_framework import serializers

from apps.policies.api.shapes.policies import ReasonField, TextField
from apps.policies.api.shapes.verdicts import VerdictOutput, verdict_in_short
from apps.policies.choices import ActKind, Door, Effect
from apps.policies.models.acts import ActRecord
from apps.policies.selectors.acts import Explanation
from apps.policies.selectors.replays import Replayed


class ActFilter(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ActKind.choices, required=False)
    effect = serializers.ChoiceField(choices=Effect.choices, required=False)
    door = serializers.ChoiceField(choices=Door.choices, required=False)
    performer_id = serializers.UUIDField(required=False)
    agent_id = serializers.CharField(
        max_length=100, required=False, source="label", help_text="What it called itself."
    )


class EraseInput(serializers.Serializer[Any]):
    reason = ReasonField(
        help_text="It stays on record for everybody: do not repeat what is to be erased."
    )


class ActOutput(serializers.ModelSerializer[ActRecord]):
    class Meta:
        model = ActRecord
        fields: tuple[str, ...] = (
            *("id", "at", "kind", "door", "label", "performer_id", "performer_kind", "effect"),
            *("reasons", "risk_score", "risk_level", "policy_digest", "policy_source", "digest"),
            *("duration_us", "erased_at", "erased_by"),
        )
        ref_name = "JudgedAct"


class ExplanationOutput(serializers.Serializer[Any]):
    act = ActOutput()
    verdict = VerdictOutput()
    asked = serializers.DictField(help_text="The act as it was judged.")
    performer = serializers.DictField()
    circumstances = serializers.DictField()
    said = serializers.DictField(help_text="As the caller put it, and what it was answered.")
    steps = serializers.ListField(
        child=serializers.DictField(),
        help_text="The trace, each step with the line of the policy that it stands in.",
    )


def explanation_shown(found: Explanation) -> dict[str, Any]:
    plain = found.case.as_json()
    return {
        "act": ActOutput(found.act).data,
        "verdict": {
            **plain["verdict"],
            "reasons": found.act.reasons,
            "record": str(found.act.id),
        },
        "asked": plain["act"],
        "performer": plain["performer"],
        "circumstances": plain["circumstances"],
        "said": plain["said"],
        "steps": [
            {**step, "text": explained.text}
            for step, explained in zip(plain["verdict"]["trace"], found.steps, strict=True)
        ],
    }


class ReplayInput(serializers.Serializer[Any]):
    draft = serializers.UUIDField(required=False, help_text="A draft, or:")
    content = TextField(required=False)
    days = serializers.IntegerField(default=7, min_value=1, max_value=366)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=1000)
    cursor = serializers.CharField(
        required=False, max_length=200, help_text="The `next_cursor` of the answer before."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("draft" in attrs) == ("content" in attrs):
            raise serializers.ValidationError("Send either `draft` or `content`.")
        return attrs


class ReplayOutput(serializers.Serializer[Any]):
    compared = serializers.IntegerField(help_text="Acts that were judged again in this call.")
    unreadable = serializers.IntegerField(help_text="Acts that were erased meanwhile.")
    total = serializers.IntegerField(help_text="All acts of these days that follow the cursor.")
    flips = serializers.ListField(
        child=serializers.DictField(),
        help_text="Each act whose verdict, or whose approvers, would be others.",
    )
    next_cursor = serializers.CharField(allow_null=True)


def replayed_shown(found: Replayed) -> dict[str, Any]:
    assert found.before is not None  # noqa: S101
    assert found.after is not None  # noqa: S101
    return {
        "act": ActOutput(found.act).data,
        "change": "effect" if found.flipped else "stages",
        "before": verdict_in_short(found.before),
        "after": verdict_in_short(found.after),
    }
