"""What the observer's views read and show."""

from typing import Any

from rest_framework import serializers

from apps.policies.rules import count_of

LARGEST_PAYLOAD = 5_000
"""Values, names included: each is judged."""


class AgentName(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            min_length=1,
            max_length=100,
            help_text="What the caller calls itself. Who it is, its credential says.",
            **kwargs,
        )


class ActInput(serializers.Serializer[Any]):
    agent_id = AgentName()
    action = serializers.CharField(max_length=500)
    payload = serializers.JSONField(default=dict)

    def validate_payload(self, value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise serializers.ValidationError("An object.")
        if count_of(value) > LARGEST_PAYLOAD:
            raise serializers.ValidationError(
                f"At most {LARGEST_PAYLOAD:,} values, names included. Split it."
            )
        return value


class TurnInput(serializers.Serializer[Any]):
    agent_id = AgentName()
    input = serializers.CharField(max_length=1_000_000, trim_whitespace=False, allow_blank=True)


class ActedOutput(serializers.Serializer[Any]):
    status = serializers.CharField(help_text="`ok`.")
    echo = serializers.DictField()
    verdict = serializers.DictField(help_text="In short; the record's id is in `act`.")
    act = serializers.UUIDField()


class TurnedOutput(ActedOutput):
    response = serializers.CharField()


class StateInput(serializers.Serializer[Any]):
    agent_id = serializers.CharField(max_length=100, required=False)
