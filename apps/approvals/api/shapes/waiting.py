"""What whoever waits for an outcome asks, and is told."""

from typing import Any

from rest_framework import serializers

from apps.approvals.api.shapes.requests import PersonOutput
from apps.approvals.choices import Because, Outcome, State

LONGEST_WAIT = 60


class WaitQuery(serializers.Serializer[Any]):
    timeout = serializers.IntegerField(
        min_value=0, max_value=LONGEST_WAIT, default=30, help_text="In seconds."
    )
    questions = serializers.IntegerField(
        min_value=0,
        default=None,
        help_text="How many open questions to the proposer you know of: once there are more, it "
        "answers.",
    )


class EndingOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="request.id")
    outcome = serializers.ChoiceField(
        choices=Outcome.choices,
        allow_null=True,
        source="request.outcome",
        help_text="Null: not yet, so ask again. What is allowed is told once it is effective.",
    )
    state = serializers.ChoiceField(choices=State.choices, source="request.state")
    because = serializers.ChoiceField(choices=Because.choices, source="request.because")
    explanation = serializers.CharField(help_text="The same in a sentence.")
    decided_by = PersonOutput(allow_null=True)
    decided_via = serializers.CharField(source="request.settled_via", allow_blank=True)
    decided_at = serializers.DateTimeField(source="request.settled_at", allow_null=True)
    effective_at = serializers.DateTimeField(source="request.effective_at", allow_null=True)
    comment = serializers.CharField(allow_blank=True, help_text="Of who decided.")
    view_digest = serializers.CharField(source="request.view_digest")
    open_questions = serializers.IntegerField(help_text="To whoever proposed it.")
    followed_by = serializers.UUIDField(
        allow_null=True, help_text="The request that has taken its place, or takes it up again."
    )
    rest = serializers.UUIDField(
        allow_null=True, help_text="The request about what was not accepted."
    )

    class Meta:
        ref_name = "ApprovalEnding"
