"""What the views read and show: the feed, who is here, webhooks."""

from typing import Any

from rest_framework import serializers

from apps.activity.choices import DisabledBecause, MessageState
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.activity.schemas import CLIENT_ID, SUBJECT

DAY = 24 * 60 * 60


class EventSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="The workspace's counter: the order of its events.")
    received_at = serializers.DateTimeField()
    area = serializers.CharField()
    event_type = serializers.CharField()
    workspace_id = serializers.UUIDField(allow_null=True)
    payload = serializers.DictField()
    id = serializers.UUIDField()
    timestamp = serializers.DateTimeField()
    type = serializers.CharField(help_text="As docs/events.md lists it.")
    actor = serializers.DictField(child=serializers.CharField())
    text = serializers.CharField(help_text="What happened, for people.")


class StatsSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    subscribers = serializers.IntegerField(help_text="Sockets and streams open in this process.")
    presence = serializers.IntegerField()
    feed_size = serializers.IntegerField()
    transport = serializers.CharField()


class FeedSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    stats = StatsSerializer()


class PresenceSerializer(serializers.Serializer[Any]):
    client_id = serializers.CharField()
    user = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="`person` or `agent`.")
    workspace_id = serializers.UUIDField()
    subject = serializers.CharField(
        help_text="What they look at, such as `approval:<id>`; empty for nothing in particular."
    )
    joined_at = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()


class PresenceStats(StatsSerializer):
    note = serializers.CharField(required=False, help_text="What is wrong, if something is.")


class PresencesSerializer(serializers.Serializer[Any]):
    presence = PresenceSerializer(many=True)
    stats = PresenceStats()


class JoinSerializer(serializers.Serializer[Any]):
    client_id = serializers.RegexField(CLIENT_ID, required=False, allow_null=True)
    workspace_id = serializers.UUIDField(required=False, allow_null=True)
    subject = serializers.RegexField(SUBJECT, required=False, allow_blank=True, allow_null=True)


class JoinedSerializer(serializers.Serializer[Any]):
    presence = PresenceSerializer()


class LeaveSerializer(serializers.Serializer[Any]):
    client_id = serializers.RegexField(CLIENT_ID, required=False, allow_null=True, allow_blank=True)


class LeftSerializer(serializers.Serializer[Any]):
    status = serializers.CharField(default="ok")


class PatternsField(serializers.ListField):
    child = serializers.CharField(max_length=100)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_length=1, max_length=100, **kwargs)


class WebhookInput(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=2000)
    event_types = PatternsField(
        default=["*"], help_text="Types, beginnings of types such as `accounts.*`, or `*`."
    )
    description = serializers.CharField(max_length=200, default="", allow_blank=True)


class WebhookChange(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=2000, required=False)
    event_types = PatternsField(required=False)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    enabled = serializers.BooleanField(required=False)


class WebhookRotationInput(serializers.Serializer[Any]):
    overlap_seconds = serializers.IntegerField(
        default=DAY,
        min_value=0,
        max_value=7 * DAY,
        help_text="How long messages are signed with the old secret as well.",
    )


class WebhookOutput(serializers.ModelSerializer[WebhookEndpoint]):
    enabled = serializers.BooleanField()
    disabled_because = serializers.ChoiceField(choices=DisabledBecause.choices, allow_blank=True)

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = (
            *("id", "url", "description", "event_types", "enabled"),
            *("disabled_at", "disabled_because", "created_at", "updated_at"),
        )
        ref_name = "Webhook"


class MadeWebhookOutput(WebhookOutput):
    secret = serializers.SerializerMethodField(
        help_text="Shown this once. Null, with a `notice`, when the answer is repeated."
    )

    class Meta(WebhookOutput.Meta):
        fields = (*WebhookOutput.Meta.fields, "secret")
        ref_name = "MadeWebhook"

    def get_secret(self, _: WebhookEndpoint) -> str | None:
        shown: str | None = self.context.get("secret")
        return shown


class WebhookAttemptOutput(serializers.ModelSerializer[WebhookAttempt]):
    class Meta:
        model = WebhookAttempt
        fields = ("at", "duration_ms", "status", "error", "response")
        ref_name = "WebhookAttempt"


class WebhookMessageOutput(serializers.ModelSerializer[WebhookMessage]):
    state = serializers.ChoiceField(choices=MessageState.choices)
    event_id = serializers.UUIDField()
    type = serializers.CharField(source="event.type")
    seq = serializers.IntegerField(source="event.seq")
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField(allow_null=True)

    class Meta:
        model = WebhookMessage
        fields: tuple[str, ...] = (
            *("id", "event_id", "type", "seq", "state", "tries", "created_at", "next_at"),
            *("delivered_at", "failed_at", "last_status", "last_error"),
        )
        ref_name = "WebhookDelivery"


class WebhookMessageWithAttemptsOutput(WebhookMessageOutput):
    attempts = WebhookAttemptOutput(many=True)

    class Meta(WebhookMessageOutput.Meta):
        fields = (*WebhookMessageOutput.Meta.fields, "attempts")
        ref_name = "WebhookDeliveryWithAttempts"
