"""What is read and what is shown. Inputs and outputs are apart; nothing here touches a row."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.choices import ActorKind, Role, Scope, Tier
from apps.accounts.models import User
from apps.accounts.rules import role_named


@extend_schema_field({"type": "string", "enum": [*Role.values, "member"]})
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
    notifications = serializers.DictField(child=serializers.BooleanField())

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "tier",
            "name",
            "kind",
            "time_zone",
            "notifications",
            "default_workspace",
        )
        ref_name = "UserProfile"


class ProfileInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=50, required=False)
    notifications = serializers.DictField(child=serializers.BooleanField(), required=False)
    default_workspace = serializers.UUIDField(required=False, source="default_workspace_id")


class PasswordInput(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    new_password = serializers.CharField(max_length=1024, trim_whitespace=False)
