"""What happens to those who watch. An address may hold a secret, so it stands in no event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class WebhookCreated(Event):
    type = "activity.webhook.created"
    sentence = "{actor} added a webhook to {workspace}"
    webhook: UUID
    event_types: list[str]


@dataclass(frozen=True, kw_only=True)
class WebhookChanged(Event):
    type = "activity.webhook.changed"
    sentence = "{actor} changed a webhook of {workspace}: {fields}"
    webhook: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class WebhookSecretRotated(Event):
    type = "activity.webhook.secret_rotated"
    sentence = "{actor} rotated the secret of a webhook of {workspace}"
    webhook: UUID
    old_until: datetime


@dataclass(frozen=True, kw_only=True)
class WebhookDisabled(Event):
    type = "activity.webhook.disabled"
    sentence = "A webhook of {workspace} was disabled: {because}"
    webhook: UUID
    because: str


@dataclass(frozen=True, kw_only=True)
class WebhookDeleted(Event):
    type = "activity.webhook.deleted"
    sentence = "{actor} deleted a webhook of {workspace}"
    webhook: UUID


@dataclass(frozen=True, kw_only=True)
class WebhookTested(Event):
    """Sent to this webhook whatever it asked for, and to no other."""

    type = "activity.webhook.tested"
    sentence = "{actor} tested a webhook of {workspace}"
    webhook: UUID


@dataclass(frozen=True, kw_only=True)
class WebhookReplayed(Event):
    type = "activity.webhook.replayed"
    sentence = "{actor} had a webhook of {workspace} told again"
    webhook: UUID
    message: UUID
