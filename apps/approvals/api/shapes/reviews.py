"""What the views of emergencies and of later looks read and show."""

from typing import Any

from rest_framework import serializers

from apps.approvals.api.shapes.requests import PersonOutput, RequestOutput
from apps.approvals.api.shapes.votes import LONGEST_COMMENT, SeenDigest
from apps.approvals.choices import ReviewBecause


class BreakGlassInput(serializers.Serializer[Any]):
    reason = serializers.CharField(
        max_length=LONGEST_COMMENT, help_text="Why this cannot wait. It is read by all who review."
    )
    digest = SeenDigest(help_text="The request's `view_digest`, as you saw it.")


class ReviewInput(serializers.Serializer[Any]):
    sound = serializers.BooleanField(help_text="Whether it would have been approved.")
    note = serializers.CharField(
        max_length=LONGEST_COMMENT, default="", allow_blank=True, help_text="Needed when it is not."
    )

    class Meta:
        ref_name = "AfterReviewInput"


class ReviewFilter(serializers.Serializer[Any]):
    owed = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="True: those that are still owed. False: those that are done.",
    )


class ReviewOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="row.id")
    because = serializers.ChoiceField(choices=ReviewBecause.choices, source="row.because")
    reason = serializers.CharField(allow_blank=True, help_text="Of whoever broke the glass.")
    due_at = serializers.DateTimeField(source="row.due_at")
    overdue = serializers.BooleanField()
    reviewed_by = PersonOutput(source="reviewer", allow_null=True)
    reviewed_at = serializers.DateTimeField(source="row.reviewed_at", allow_null=True)
    sound = serializers.BooleanField(source="row.sound", allow_null=True)
    apart = serializers.BooleanField(
        allow_null=True,
        help_text="Whether who looked had no part in it. False: nobody else was left who might "
        "look, and somebody with a part acknowledged it. Null: nobody has looked.",
    )
    note = serializers.CharField(allow_blank=True)
    request = RequestOutput(source="seen")

    class Meta:
        ref_name = "AfterReview"
