"""What the views of a discussion read and show."""

from typing import Any

from rest_framework import serializers

from apps.approvals.api.shapes import PersonOutput
from apps.approvals.choices import Said
from apps.approvals.services.discussing import LONGEST, MEDIA_TYPES


class AttachmentInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200, trim_whitespace=False)
    media_type = serializers.ChoiceField(choices=MEDIA_TYPES)
    content = serializers.CharField(help_text="In base64. A file has at most 1,000,000 bytes.")

    class Meta:
        ref_name = "ApprovalAttachmentInput"


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

    class Meta:
        ref_name = "ApprovalCommentInput"


class AttachmentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="row.id")
    name = serializers.CharField()
    media_type = serializers.ChoiceField(choices=MEDIA_TYPES, source="row.media_type")
    size = serializers.IntegerField(source="row.size")
    digest = serializers.CharField(source="row.digest", help_text="SHA-256 of its content.")

    class Meta:
        ref_name = "ApprovalAttachment"


class CommentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="row.id")
    said = serializers.ChoiceField(choices=Said.choices, source="row.said")
    text = serializers.CharField(help_text="Characters that nobody sees stand there by name.")
    author = PersonOutput()
    author_kind = serializers.CharField(source="row.author_kind")
    reply_to = serializers.UUIDField(source="row.reply_to_id", allow_null=True)
    mentions = PersonOutput(many=True, source="mentioned")
    attachments = AttachmentOutput(many=True)
    at = serializers.DateTimeField(source="row.at")

    class Meta:
        ref_name = "ApprovalComment"
