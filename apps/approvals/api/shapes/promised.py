"""What the promised short doors read and show."""

from typing import Any

from rest_framework import serializers

from apps.approvals.api.shapes.requests import PersonOutput
from apps.approvals.api.shapes.votes import LONGEST_COMMENT, SeenDigest
from apps.approvals.choices import Outcome, State, Via
from apps.policies.choices import RiskLevel


class PendingQuery(serializers.Serializer[Any]):
    user_id = serializers.CharField(
        max_length=254, default="", allow_blank=True, help_text="Your own id or e-mail."
    )
    page = serializers.IntegerField(min_value=1, max_value=100_000, default=1)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class SubjectOutput(serializers.Serializer[Any]):
    kind = serializers.CharField()
    id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]

    class Meta:
        ref_name = "ApprovalSubject"


class ProposerOutput(PersonOutput):
    kind = serializers.CharField()

    class Meta:
        ref_name = "ApprovalProposer"


class BriefOutput(serializers.Serializer[Any]):
    request_id = serializers.UUIDField()
    workspace_id = serializers.UUIDField()
    subject = SubjectOutput()
    title = serializers.CharField(help_text="What would change, in a line.")
    url = serializers.CharField(allow_blank=True, help_text="Its page in the console.")
    risk = serializers.ChoiceField(choices=RiskLevel.choices)
    risk_score = serializers.IntegerField()
    requested_by = ProposerOutput()
    created_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then the decision can be taken back."
    )
    view_digest = serializers.CharField(help_text="What an answer is bound to.")
    state = serializers.ChoiceField(choices=State.choices)
    outcome = serializers.ChoiceField(
        choices=Outcome.choices, allow_null=True, help_text="Null: not yet."
    )
    because = serializers.CharField()
    stage = serializers.CharField(allow_null=True, help_text="The one that is open.")
    approvals = serializers.IntegerField(allow_null=True)
    needed = serializers.IntegerField(
        allow_null=True, help_text="Approvals that are still missing in it."
    )
    threads_open = serializers.IntegerField(help_text="What was said there and is not resolved.")
    threads_required = serializers.IntegerField(
        help_text="Those that are to be resolved before anybody approves."
    )
    decided_by = PersonOutput(allow_null=True)
    decided_via = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)

    class Meta:
        ref_name = "ApprovalBrief"


class PendingOutput(serializers.Serializer[Any]):
    approvals = BriefOutput(many=True)
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    total = serializers.IntegerField(help_text="How many wait, on all pages.")


class ResponseInput(serializers.Serializer[Any]):
    request_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="If given, the one in the address."
    )
    approved = serializers.BooleanField()
    responded_by = serializers.CharField(
        max_length=254,
        default="",
        allow_blank=True,
        help_text="If given, your own id or e-mail: your credential says who you are.",
    )
    responded_via = serializers.CharField(
        max_length=20,
        default=Via.WEB,
        help_text="`web` is taken as you say; any other of "
        f"{', '.join(Via.values)} is kept as `api`, since it came through here.",
    )
    comments = serializers.CharField(max_length=LONGEST_COMMENT, default="", allow_blank=True)
    digest = SeenDigest(
        default="",
        allow_blank=True,
        help_text="The `view_digest` of what you saw, if not what was shown here last. It is taken "
        "by that name, too.",
    )
    change = serializers.BooleanField(
        default=False, help_text="It may take the place of another vote of yours."
    )

    class Meta:
        ref_name = "ApprovalResponseInput"

    def validate_responded_via(self, value: str) -> Via:
        """This door knows that it was not another one."""
        if value.lower() not in Via.values:
            raise serializers.ValidationError(f"One of {', '.join(Via.values)}.")
        return Via.WEB if value.lower() == Via.WEB else Via.API


class ResponseOutput(serializers.Serializer[Any]):
    request_id = serializers.UUIDField()
    approved = serializers.BooleanField()
    responded_by = serializers.UUIDField()
    responded_via = serializers.ChoiceField(choices=Via.choices)
    responded_at = serializers.DateTimeField()
    request = BriefOutput()

    class Meta:
        ref_name = "ApprovalResponse"
