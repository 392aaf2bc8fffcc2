"""What the views of seats read and show."""

from typing import Any

from rest_framework import serializers

from apps.approvals.services.seats import MOST_PEOPLE


class SnoozeInput(serializers.Serializer[Any]):
    until = serializers.DateTimeField(help_text="At most 30 days ahead.")


class SnoozeOutput(serializers.Serializer[Any]):
    request = serializers.UUIDField(source="request_id")
    until = serializers.DateTimeField()


class DelegateInput(serializers.Serializer[Any]):
    to = serializers.UUIDField(help_text="A member who may decide and has no seat in this stage.")


class ReassignInput(serializers.Serializer[Any]):
    people = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_PEOPLE
    )
