"""What the views of a discussion read and show."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals.api.shapes.requests import PersonOutput
from apps.approvals.choices import Said, Side
from apps.approvals.places import Place
from apps.approvals.selectors.discussion import ReadComment
from apps.approvals.services.discussing import LONGEST, MEDIA_TYPES


class AttachmentInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, trim_whitespace=False)
    media_type = serializers.ChoiceField(choices=MEDIA_TYPES)
    content = serializers.CharField(help_text="In base64. A file has at most 1,000,000 bytes.")

    class Meta:
        ref_name = "ApprovalAttachmentInput"


class PlaceInput(serializers.Serializer[Any]):
    operation = serializers.IntegerField(
        min_value=0, max_value=100_000, help_text="Its `number` in `change`."
    )
    side = serializers.ChoiceField(choices=Side.choices, required=False, allow_null=True)
    line = serializers.IntegerField(
        min_value=1,
        max_value=100_000_000,
        required=False,
        allow_null=True,
        help_text="On that side, from 1. Without side and line it is said of the whole operation.",
    )
    content = serializers.CharField(
        max_length=64,
        default="",
        allow_blank=True,
        help_text="The `digest` of `change` as you saw it. Another one now: nothing is said.",
    )

    class Meta:
        ref_name = "ApprovalPlaceInput"


class CommentInput(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=LONGEST)
    said = serializers.ChoiceField(
        choices=Said.choices,
        default=Said.NOTE,
        help_text="A question goes to who proposed it, whose turn it is until it is answered.",
    )
    reply_to = serializers.UUIDField(
        required=False, allow_null=True, help_text="An answer names its question."
    )
    mentions = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=50,
        help_text="Members who are told, besides those whom the text calls by @name or @address.",
    )
    attachments = AttachmentInput(many=True, required=False)
    place = PlaceInput(required=False, allow_null=True, help_text="Where in what would change.")
    required = serializers.BooleanField(  # type: ignore[assignment]
        default=False,
        help_text="It is to be resolved before anybody approves. For those who may decide on it.",
    )

    class Meta:
        ref_name = "ApprovalCommentInput"

    def validate_place(self, value: dict[str, Any] | None) -> Place | None:
        return Place(**value) if value else None


class AttachmentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="row.id")
    name = serializers.CharField()
    media_type = serializers.ChoiceField(choices=MEDIA_TYPES, source="row.media_type")
    size = serializers.IntegerField(source="row.size")
    digest = serializers.CharField(source="row.digest", help_text="SHA-256 of its content.")

    class Meta:
        ref_name = "ApprovalAttachment"


class PlaceOutput(serializers.Serializer[Any]):
    operation = serializers.IntegerField(source="row.operation")
    side = serializers.ChoiceField(choices=Side.choices, source="row.side", allow_blank=True)
    line = serializers.IntegerField(source="row.line", allow_null=True)
    target = serializers.CharField(source="quote.target", help_text="Of the operation.")
    text = serializers.CharField(
        source="quote.line", allow_blank=True, help_text="The line, as it was."
    )
    current = serializers.BooleanField(
        source="is_current", help_text="False: it was said of an earlier version."
    )

    class Meta:
        ref_name = "ApprovalPlace"


class ResolvedOutput(serializers.Serializer[Any]):
    by = PersonOutput(source="resolved_by")
    at = serializers.DateTimeField(source="row.resolved_at")

    class Meta:
        ref_name = "ApprovalThreadResolved"


class CommentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="row.id")
    said = serializers.ChoiceField(choices=Said.choices, source="row.said")
    text = serializers.CharField(help_text="Characters that nobody sees stand there by name.")
    author = PersonOutput()
    author_kind = serializers.CharField(source="row.author_kind")
    reply_to = serializers.UUIDField(source="row.reply_to_id", allow_null=True)
    mentions = PersonOutput(many=True, source="mentioned")
    attachments = AttachmentOutput(many=True)
    place = serializers.SerializerMethodField()
    required = serializers.BooleanField(source="row.required")  # type: ignore[assignment]
    is_thread = serializers.BooleanField(
        source="row.is_thread", help_text="It was said of a place or is required: to be resolved."
    )
    resolved = serializers.SerializerMethodField()
    at = serializers.DateTimeField(source="row.at")

    class Meta:
        ref_name = "ApprovalComment"

    @extend_schema_field(PlaceOutput(allow_null=True))
    def get_place(self, comment: ReadComment) -> dict[str, Any] | None:
        return dict(PlaceOutput(comment).data) if comment.quote else None

    @extend_schema_field(ResolvedOutput(allow_null=True))
    def get_resolved(self, comment: ReadComment) -> dict[str, Any] | None:
        return dict(ResolvedOutput(comment).data) if comment.resolved_by else None
