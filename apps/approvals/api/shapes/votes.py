"""What the views of votes read and show."""

from collections.abc import Mapping
from functools import cache
from typing import Any
from uuid import UUID

from rest_framework import serializers

from apps.approvals.api.shapes.requests import CodeField
from apps.approvals.choices import Because, Decision, Outcome, StageState, State
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.voting import Cast
from apps.common.errors import DomainError

LONGEST_COMMENT = 10_000
CASTABLE = [choice for choice in Decision.choices if choice[0] != Decision.RETRACT]


class SeenDigest(serializers.CharField):
    """Also by the name that it is shown by."""

    SHOWN_AS = "view_digest"

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=64, **more)

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        shown_as = self.SHOWN_AS
        named = self.field_name not in dictionary and shown_as in dictionary
        return dictionary[shown_as] if named else super().get_value(dictionary)


class DecisionInput(serializers.Serializer[Any]):
    decision = serializers.ChoiceField(choices=CASTABLE)
    digest = SeenDigest(
        default="",
        allow_blank=True,
        help_text="The `view_digest` of the request as you saw it. It is taken by that name, too.",
    )
    comment = serializers.CharField(
        max_length=LONGEST_COMMENT,
        default="",
        allow_blank=True,
        help_text="Needed with `request_changes` and `veto`.",
    )
    change = serializers.BooleanField(
        default=False, help_text="It may take the place of another vote of yours."
    )

    def validate_decision(self, value: str) -> Decision:
        return Decision(value)


class VoteInput(DecisionInput):
    operations = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=100_000),
        required=False,
        max_length=1000,
        help_text="Of which alone you approve, by their `number`.",
    )
    edits = serializers.DictField(required=False, help_text="You approve it after these changes.")


class OneDecisionInput(DecisionInput):
    id = serializers.UUIDField()


class BulkInput(serializers.Serializer[Any]):
    decisions = OneDecisionInput(many=True, allow_empty=False)


class CountOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=StageState.choices)
    approvals = serializers.IntegerField(help_text="That count now.")
    needed = serializers.IntegerField(help_text="Approvals that are still missing.")


class CastOutput(serializers.Serializer[Any]):
    """What came of it, of what was read anyway: ask for the request to see all of it."""

    id = serializers.UUIDField(source="request.id")
    vote = serializers.UUIDField(source="vote.id", help_text="Your vote.")
    decision = serializers.ChoiceField(choices=Decision.choices, source="vote.decision")
    state = serializers.ChoiceField(choices=State.choices, source="request.state")
    outcome = serializers.ChoiceField(
        choices=Outcome.choices, allow_null=True, source="request.outcome"
    )
    because = serializers.ChoiceField(choices=Because.choices, source="request.because")
    view_digest = serializers.CharField(source="request.view_digest")
    effective_at = serializers.DateTimeField(source="request.effective_at", allow_null=True)
    stages = CountOutput(many=True, source="sitting.counts")
    rest = serializers.UUIDField(
        source="rest.id",
        default=None,
        allow_null=True,
        help_text="The request about what was not accepted.",
    )

    class Meta:
        ref_name = "CastVote"


class RefusalOutput(serializers.Serializer[Any]):
    code = CodeField()
    message = serializers.CharField()
    details = serializers.ListField(child=serializers.DictField())


class BulkOutcomeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    ok = serializers.BooleanField()
    again = serializers.BooleanField(help_text="It stood already.")
    state = serializers.ChoiceField(
        choices=State.choices, allow_null=True, help_text="As it is now. Null: there is no such."
    )
    error = RefusalOutput(allow_null=True)


class BulkOutput(serializers.Serializer[Any]):
    results = BulkOutcomeOutput(many=True)


@cache
def _cast_output() -> CastOutput:
    """It takes longer to make than what it says."""
    return CastOutput()


def cast(done: Cast) -> dict[str, Any]:
    return dict(_cast_output().to_representation(done))


def outcome(
    request_id: UUID, now: ApprovalRequest | None, came_of: Cast | DomainError
) -> dict[str, Any]:
    refused = came_of if isinstance(came_of, DomainError) else None
    return {
        "id": str(request_id),
        "ok": refused is None,
        "again": isinstance(came_of, Cast) and came_of.again,
        "state": now.state if now else None,
        "error": refused
        and {"code": refused.code, "message": refused.text, "details": refused.details},
    }
