"""What the views of requests read and show."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals.choices import Because, Decision, Outcome, StageState, State, Via
from apps.approvals.errors import AlreadyDecided
from apps.approvals.ports import Change
from apps.approvals.selectors.seen import Seen
from apps.policies.choices import RiskLevel


class RequestFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=State.choices, required=False)
    waiting_on = serializers.ChoiceField(
        choices=["me"],
        required=False,
        help_text="Those that are yours to decide now, without what you have snoozed.",
    )
    risk = serializers.ChoiceField(choices=RiskLevel.choices, required=False)
    subject_kind = serializers.CharField(max_length=40, required=False, help_text="Such as `plan`.")
    proposer = serializers.UUIDField(required=False, help_text="Who proposed it.")

    def asked(self) -> dict[str, Any]:
        names = {"risk": "risk_level", "proposer": "proposer_id"}
        given = {k: v for k, v in self.validated_data.items() if k != "waiting_on"}
        return {names.get(name, name): value for name, value in given.items()}


@extend_schema_field({"type": "string", "example": AlreadyDecided.code})
class CodeField(serializers.CharField):
    """Of an error."""


class PersonOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()

    class Meta:
        ref_name = "ApprovalPerson"


class StageOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    state = serializers.ChoiceField(choices=StageState.choices)
    quorum = serializers.IntegerField()
    approvals = serializers.IntegerField(help_text="That count now.")
    needed = serializers.IntegerField(help_text="Approvals that are still missing.")
    roles = serializers.ListField(child=serializers.CharField())
    may_decide = PersonOutput(many=True, help_text="The first fifty of them.")
    may_decide_count = serializers.IntegerField()
    rules = serializers.ListField(
        child=serializers.CharField(), help_text="The policy's rules that ask for it."
    )
    due_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    passed_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        ref_name = "ApprovalStage"


class VoteOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    stage = serializers.CharField()
    voter = PersonOutput()
    instead_of = PersonOutput(allow_null=True, help_text="Whose seat it was, who is absent.")
    decision = serializers.ChoiceField(choices=Decision.choices)
    via = serializers.ChoiceField(choices=Via.choices)
    comment = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    counts = serializers.BooleanField(
        help_text="It was on what is shown now, and who cast it may still decide."
    )
    operations = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="Of which alone it approved."
    )

    class Meta:
        ref_name = "ApprovalVote"


class TurnOutput(serializers.Serializer[Any]):
    whose = serializers.ChoiceField(choices=["voters", "proposer", "nobody"])
    people = PersonOutput(many=True)


class MayOutput(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    code = CodeField(allow_blank=True, help_text="Of the error it would be.")
    because = serializers.CharField(allow_blank=True)


class CanOutput(serializers.Serializer[Any]):
    vote = MayOutput()
    veto = MayOutput()
    undo = MayOutput()
    withdraw = MayOutput()


class RequestOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="request.id")
    subject_kind = serializers.CharField(source="request.subject_kind")
    subject_id = serializers.UUIDField(source="request.subject_id")
    subject_label = serializers.CharField()
    sentence = serializers.CharField(help_text="What would change, in a line.")
    url = serializers.CharField(allow_blank=True, help_text="Its page in the console.")
    state = serializers.ChoiceField(choices=State.choices, source="request.state")
    outcome = serializers.ChoiceField(
        choices=Outcome.choices,
        allow_null=True,
        source="request.outcome",
        help_text="What whoever waits is told. Null: not yet.",
    )
    because = serializers.ChoiceField(choices=Because.choices, source="request.because")
    explanation = serializers.CharField(source="because", help_text="The same in a sentence.")
    risk_level = serializers.ChoiceField(choices=RiskLevel.choices, source="request.risk_level")
    risk_score = serializers.IntegerField(source="request.risk_score")
    proposer = PersonOutput()
    proposer_kind = serializers.CharField(source="request.proposer_kind")
    view_digest = serializers.CharField(
        source="request.view_digest", help_text="What a vote is bound to: send it as `digest`."
    )
    round = serializers.IntegerField(source="request.round")
    stages = StageOutput(many=True)
    votes = VoteOutput(many=True)
    turn = TurnOutput()
    threads_open = serializers.IntegerField(
        source="left.threads", help_text="What was said of a place, or is required: unresolved."
    )
    threads_required = serializers.IntegerField(
        source="left.required", help_text="Those that are to be resolved before anybody approves."
    )
    can = CanOutput(help_text="What you may do now, and what hinders you.")
    claimed_by = PersonOutput(allow_null=True)
    claimed_until = serializers.DateTimeField(source="request.claimed_until", allow_null=True)
    opened_at = serializers.DateTimeField(source="request.opened_at")
    due_at = serializers.DateTimeField(source="request.due_at", allow_null=True)
    expires_at = serializers.DateTimeField(source="request.expires_at", allow_null=True)
    settled_at = serializers.DateTimeField(source="request.settled_at", allow_null=True)
    settled_by = PersonOutput(allow_null=True)
    settled_via = serializers.CharField(source="request.settled_via", allow_blank=True)
    effective_at = serializers.DateTimeField(
        source="request.effective_at",
        allow_null=True,
        help_text="Until then the decision can be taken back.",
    )
    consumed_at = serializers.DateTimeField(source="request.consumed_at", allow_null=True)
    follows = serializers.UUIDField(source="request.follows_id", allow_null=True)
    part_of = serializers.UUIDField(source="request.part_of_id", allow_null=True)

    class Meta:
        ref_name = "ApprovalRequest"


class OperationOutput(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    verb = serializers.CharField()
    target = serializers.CharField()
    diff = serializers.CharField(allow_blank=True)
    needs = serializers.ListField(
        child=serializers.IntegerField(), help_text="Without which this one would dangle."
    )

    class Meta:
        ref_name = "ApprovalOperation"


class AffectedOutput(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField()
    how = serializers.CharField(help_text="How it follows from `of`.")
    of = serializers.CharField(
        allow_blank=True, help_text="The key of what it follows from; empty: the change itself."
    )
    url = serializers.CharField(allow_blank=True)
    is_alike = serializers.BooleanField(
        help_text="It follows from nothing that changes: it only says something like it."
    )

    class Meta:
        ref_name = "ApprovalAffected"


class ChangeOutput(serializers.Serializer[Any]):
    digest = serializers.CharField()
    operations = OperationOutput(many=True)
    checks = serializers.ListField(child=serializers.DictField())
    rationale = serializers.CharField(
        allow_blank=True, help_text="What whoever proposed it says of it."
    )


class ImpactOutput(serializers.Serializer[Any]):
    affected = AffectedOutput(many=True, help_text="What else depends on what would change.")

    class Meta:
        ref_name = "ApprovalImpact"


class WholeRequestOutput(RequestOutput):
    change = ChangeOutput(allow_null=True, help_text="Null: what it is about is gone.")
    followed_by = serializers.UUIDField(
        allow_null=True, help_text="The request that has taken its place, or takes it up again."
    )

    class Meta:
        ref_name = "WholeApprovalRequest"


def one(found: Seen) -> dict[str, Any]:
    return dict(RequestOutput(found).data)


def whole(found: Seen, change: Change | None, *, followed_by: UUID | None) -> dict[str, Any]:
    return {
        **one(found),
        "change": ChangeOutput(change).data if change else None,
        "followed_by": str(followed_by) if followed_by else None,
    }
