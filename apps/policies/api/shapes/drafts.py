"""What the views of drafts read and show."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.policies.api.shapes.policies import ApprovalOutput, ReasonField, TextField
from apps.policies.choices import DraftState
from apps.policies.models.policies import PolicyDraft
from apps.policies.services.approving import approval_of_draft


class DraftInput(serializers.Serializer[Any]):
    content = TextField()
    reason = ReasonField()


class DraftChange(serializers.Serializer[Any]):
    content = TextField()
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class DraftOutput(serializers.ModelSerializer[PolicyDraft]):
    base = serializers.IntegerField(source="base_number", allow_null=True)
    released_as = serializers.IntegerField(source="released_number", allow_null=True)
    act_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = PolicyDraft
        fields: tuple[str, ...] = (
            *("id", "digest", "base", "origin", "reason", "state", "released_as", "revision"),
            *("act_id", "author_id", "author_kind", "created_at", "updated_at"),
        )
        ref_name = "PolicyDraft"


class WholeDraftOutput(DraftOutput):
    approval = serializers.SerializerMethodField()

    class Meta(DraftOutput.Meta):
        fields = (*DraftOutput.Meta.fields, "text", "approval")
        ref_name = "WholePolicyDraft"

    @extend_schema_field(ApprovalOutput(allow_null=True))
    def get_approval(self, row: PolicyDraft) -> dict[str, Any] | None:
        found = approval_of_draft(row.id)
        return found.as_json() if found else None


class DraftFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=DraftState.choices, required=False)
