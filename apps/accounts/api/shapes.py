"""What is read and what is shown. Inputs and outputs are apart; nothing here touches a row."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.choices import ActorKind, Role, Scope, Tier, WorkspaceKind
from apps.accounts.models import ApiKey, Invitation, Membership, User
from apps.accounts.rules import role_named

ROLE_NAMES = [*Role.values, "member"]


@extend_schema_field({"type": "string", "enum": ROLE_NAMES})
class RoleField(serializers.CharField):
    """`member` is understood as contributor."""

    def to_internal_value(self, data: Any) -> Role:
        try:
            return role_named(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(f"One of {', '.join(Role.values)}.") from error


class ScopesField(serializers.ListField):
    child = serializers.ChoiceField(choices=Scope.choices)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=1, max_length=len(Scope), **kwargs)


# --- people


class RegisterInput(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    name = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)


class LoginInput(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    code = serializers.CharField(
        max_length=20,
        required=False,
        help_text="For who has set up a second step: a code of the app, or a recovery code.",
    )


class RefreshInput(serializers.Serializer[Any]):
    refresh_token = serializers.CharField(max_length=200)


class AuthTokensOutput(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    expires_at = serializers.IntegerField(help_text="Of the access token, in seconds since 1970.")

    class Meta:
        ref_name = "AuthTokens"


class UserProfileOutput(serializers.ModelSerializer[User]):
    tier = serializers.ChoiceField(choices=Tier.choices)
    kind = serializers.ChoiceField(choices=ActorKind.choices)
    default_workspace = serializers.UUIDField(source="default_workspace_id", allow_null=True)

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "tier",
            "name",
            "kind",
            "time_zone",
            "default_workspace",
        )
        ref_name = "UserProfile"


class ProfileInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=50, required=False)
    default_workspace = serializers.UUIDField(required=False, source="default_workspace_id")


class PasswordInput(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False)


# --- workspaces, members, invitations


class WorkspaceOutput(serializers.Serializer[Membership]):
    """A workspace, and what the caller is in it."""

    id = serializers.UUIDField(source="workspace.id")
    name = serializers.CharField(source="workspace.name")
    kind = serializers.ChoiceField(source="workspace.kind", choices=WorkspaceKind.choices)
    role = serializers.ChoiceField(source="effective_role", choices=Role.choices)
    created_at = serializers.DateTimeField(source="workspace.created_at")
    archived_at = serializers.DateTimeField(source="workspace.archived_at", allow_null=True)

    class Meta:
        ref_name = "Workspace"


class WorkspaceInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)


class TransferInput(serializers.Serializer[Any]):
    to = serializers.UUIDField(help_text="A person who is a member.")


class DeletionInput(serializers.Serializer[Any]):
    export_digest = serializers.CharField(
        max_length=64, required=False, help_text="Of the last export (X-Export-Digest)."
    )


class MemberOutput(serializers.Serializer[Membership]):
    id = serializers.UUIDField(source="user.id")
    name = serializers.CharField(source="user.name")
    email = serializers.CharField(source="user.email")
    kind = serializers.ChoiceField(source="user.kind", choices=ActorKind.choices)
    role = serializers.ChoiceField(source="effective_role", choices=Role.choices)
    owner = serializers.UUIDField(source="user.owner_id", allow_null=True)
    since = serializers.DateTimeField(source="created_at")

    class Meta:
        ref_name = "Member"


class RoleInput(serializers.Serializer[Any]):
    role = RoleField(max_length=12)


class InvitationInput(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    role = RoleField(max_length=12)


class InvitationOutput(serializers.ModelSerializer[Invitation]):
    role = serializers.ChoiceField(choices=Role.choices)
    invited_by = serializers.UUIDField(source="invited_by_id")

    class Meta:
        model = Invitation
        fields = (
            *("id", "email", "role", "invited_by", "created_at", "expires_at"),
            *("sent_at", "accepted_at", "revoked_at"),
        )
        ref_name = "Invitation"


class AcceptInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=200)


# --- agents and keys


class AgentInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    role = RoleField(max_length=12, required=False, default=Role.CONTRIBUTOR)


class AgentChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False)
    owner = serializers.UUIDField(required=False, help_text="A person of this workspace.")


class AgentOutput(serializers.Serializer[Membership]):
    id = serializers.UUIDField(source="user.id")
    name = serializers.CharField(source="user.name")
    owner = serializers.UUIDField(source="user.owner_id")
    role = serializers.ChoiceField(choices=Role.choices)
    enabled = serializers.BooleanField(source="user.is_active")
    created_at = serializers.DateTimeField(source="user.created_at")

    class Meta:
        ref_name = "Agent"


class KeyInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    scopes = ScopesField(help_text="Agents may have read and write.")
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class RotationInput(serializers.Serializer[Any]):
    grace_seconds = serializers.IntegerField(
        min_value=0,
        max_value=7 * 24 * 3600,
        required=False,
        default=0,
        help_text="How long the old key goes on working.",
    )


class KeyOutput(serializers.ModelSerializer[ApiKey]):
    holder = serializers.UUIDField(source="user_id")
    workspace = serializers.UUIDField(source="workspace_id")
    scopes = ScopesField()
    replaced_by = serializers.UUIDField(source="replaced_by_id", allow_null=True)

    class Meta:
        model = ApiKey
        fields = (
            *("id", "public_id", "name", "holder", "workspace", "scopes", "demo", "created_at"),
            *("expires_at", "last_used_at", "revoked_at", "replaced_by"),
        )
        ref_name = "Key"


class IssuedKeyOutput(KeyOutput):
    """`api_key` is null, and `notice` says why, when the answer is a repeated one."""

    api_key = serializers.CharField(allow_null=True)
    notice = serializers.CharField(required=False)

    class Meta(KeyOutput.Meta):
        fields = (*KeyOutput.Meta.fields, "api_key", "notice")  # type: ignore[assignment]
        ref_name = "IssuedKey"


class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField(allow_null=True)
    expires_in = serializers.IntegerField(help_text="Seconds.")
    notice = serializers.CharField(required=False)

    class Meta:
        ref_name = "SocketTicket"
