"""A workspace's webhooks: made, changed, rotated, tested, replayed. Its managers do all of this."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.keyring import encrypt
from apps.accounts.selectors.standing import require
from apps.activity import events
from apps.activity.choices import DisabledBecause
from apps.activity.errors import InvalidWebhook, TooManyWebhooks, WebhookDisabled
from apps.activity.models import WebhookEndpoint, WebhookMessage, WebhookSecret
from apps.activity.rules import is_pattern
from apps.activity.webhooks.addresses import Refused, judge_literal, read_url
from apps.activity.webhooks.signing import new_secret
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.ledger.models import Chain
from apps.ledger.services import record, unit

MOST = 50
LIVING_SECRETS = 5
"""Each adds a signature to every message."""
LONGEST_OVERLAP = timedelta(days=7)
_CHANGEABLE = (
    *("url", "event_types", "description", "updated_at"),
    *("disabled_at", "disabled_because", "cursor", "failures", "next_at"),
)


@dataclass(frozen=True)
class MadeWebhook:
    """The secret stands here and nowhere else."""

    endpoint: WebhookEndpoint
    secret: str


def create_webhook(
    *,
    workspace_id: UUID,
    url: str,
    event_types: Sequence[str],
    description: str,
    created_by: UUID,
    actor: Actor,
) -> MadeWebhook:
    """It is told of what happens from now on."""
    _check(url, event_types)
    with unit(actor=actor, workspace=workspace_id):
        require(actor=actor, workspace_id=workspace_id, permission=Permission.MANAGE_WORKSPACE)
        if WebhookEndpoint.objects.filter(workspace_id=workspace_id).count() >= MOST:
            raise TooManyWebhooks
        endpoint = WebhookEndpoint.objects.create(
            workspace_id=workspace_id,
            url=url,
            event_types=sorted(set(event_types)),
            description=description,
            created_by_id=created_by,
            cursor=_reached(workspace_id),
        )
        made = MadeWebhook(endpoint, _add_secret(endpoint))
        record(events.WebhookCreated(webhook=endpoint.id, event_types=endpoint.event_types))
    return made


def change_webhook(
    *,
    webhook: WebhookEndpoint,
    actor: Actor,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> WebhookEndpoint:
    """Enabled again, it goes on with what waits, and with what happens from now on."""
    with unit(actor=actor, workspace=webhook.workspace_id):
        locked = _lock(webhook, actor)
        before = _state(locked)
        if url is not None:
            locked.url = url
        if event_types is not None:
            locked.event_types = sorted(set(event_types))
        if description is not None:
            locked.description = description
        if enabled is True and not locked.enabled:
            locked.disabled_at, locked.disabled_because = None, ""
            locked.cursor, locked.failures = _reached(locked.workspace_id), 0
            locked.next_at = timezone.now()
        if enabled is False and locked.enabled:
            locked.disabled_at, locked.disabled_because = timezone.now(), DisabledBecause.ASKED
        if url is not None or event_types is not None or enabled:
            _check(locked.url, locked.event_types)  # what may not be sent any more may be disabled
        changed = [name for name, value in _state(locked).items() if value != before[name]]
        if changed:
            locked.save(update_fields=_CHANGEABLE)
            record(events.WebhookChanged(webhook=locked.id, fields=changed))
    return locked


def rotate_secret(*, webhook: WebhookEndpoint, overlap: timedelta, actor: Actor) -> MadeWebhook:
    """Messages are signed with the old secrets, too, until the overlap is over.

    Of those that live, the oldest ends when there would be too many.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidWebhook(details=[{"field": "overlap_seconds", "message": "From 0 to 7 days."}])
    with unit(actor=actor, workspace=webhook.workspace_id):
        locked = _lock(webhook, actor)
        until = timezone.now() + overlap
        old = locked.secrets.all()
        old.exclude(pk__in=old.valid().values("pk")[: LIVING_SECRETS - 1]).delete()
        old.filter(expires_at=None).update(expires_at=until)
        old.filter(expires_at__gt=until).update(expires_at=until)
        made = MadeWebhook(locked, _add_secret(locked))
        record(events.WebhookSecretRotated(webhook=locked.id, old_until=until))
    return made


def delete_webhook(*, webhook: WebhookEndpoint, actor: Actor) -> None:
    """With its log."""
    with unit(actor=actor, workspace=webhook.workspace_id):
        locked = _lock(webhook, actor)
        record(events.WebhookDeleted(webhook=locked.id))
        locked.delete()


def forget_webhooks(*, workspace_id: UUID, actor: Actor) -> None:
    """Of a workspace that was deleted: nothing is sent any more, but addresses are left."""
    with unit(actor=actor, workspace=workspace_id):
        for endpoint in WebhookEndpoint.objects.select_for_update(of=("self",)).filter(
            workspace_id=workspace_id, workspace__deleted_at__isnull=False
        ):
            record(events.WebhookDeleted(webhook=endpoint.id))
            endpoint.delete()


def send_test(*, webhook: WebhookEndpoint, actor: Actor) -> None:
    """Have it sent an event of its own, like any other."""
    with unit(actor=actor, workspace=webhook.workspace_id):
        locked = _lock(webhook, actor)
        if not locked.enabled:
            raise WebhookDisabled
        _hurry(locked)
        record(events.WebhookTested(webhook=locked.id))


def replay_message(*, message: WebhookMessage, actor: Actor) -> WebhookMessage:
    """Send it again, under the same id, whatever came of it before."""
    with unit(actor=actor, workspace=message.endpoint.workspace_id):
        endpoint = _lock(message.endpoint, actor)
        if not endpoint.enabled:
            raise WebhookDisabled
        locked = WebhookMessage.objects.select_for_update().get(pk=message.pk)
        locked.since = locked.next_at = timezone.now()
        locked.tries, locked.delivered_at, locked.failed_at = 0, None, None
        locked.save(update_fields=["since", "tries", "next_at", "delivered_at", "failed_at"])
        _hurry(endpoint)
        record(events.WebhookReplayed(webhook=endpoint.id, message=locked.id))
    return locked


def _check(url: str, event_types: Sequence[str]) -> None:
    try:
        judge_literal(
            read_url(url, https_only=not settings.DEVELOPMENT), settings.WEBHOOK_ALLOW_CIDRS
        )
    except Refused as refusal:
        raise InvalidWebhook(details=[{"field": "url", "message": str(refusal)}]) from refusal
    wrong = [pattern for pattern in event_types if not is_pattern(pattern)]
    if wrong or not event_types:
        text = "Types like accounts.member.added, beginnings like accounts.*, or *."
        raise InvalidWebhook(details=[{"field": "event_types", "message": text}])


def _state(endpoint: WebhookEndpoint) -> dict[str, object]:
    names = ("url", "event_types", "description", "enabled")
    return {name: getattr(endpoint, name) for name in names}


def _lock(webhook: WebhookEndpoint, actor: Actor) -> WebhookEndpoint:
    require(actor=actor, workspace_id=webhook.workspace_id, permission=Permission.MANAGE_WORKSPACE)
    locked = WebhookEndpoint.objects.select_for_update().filter(pk=webhook.pk).first()
    if locked is None:
        raise NotFound
    return locked


def _hurry(endpoint: WebhookEndpoint) -> None:
    endpoint.next_at = timezone.now()
    endpoint.save(update_fields=["next_at"])


def _add_secret(endpoint: WebhookEndpoint) -> str:
    secret = WebhookSecret(endpoint=endpoint)
    text = new_secret()
    secret.sealed = encrypt(endpoint.workspace_id, text.encode(), context=secret.context)
    secret.save()
    return text


def _reached(workspace_id: UUID) -> int:
    found = Chain.objects.filter(workspace_id=workspace_id).values_list("seq", flat=True).first()
    return found or 0
