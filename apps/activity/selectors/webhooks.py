"""A workspace's webhooks and their log, for those who manage it."""

from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from apps.activity.choices import MessageState
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.common.actors import Actor
from apps.common.errors import NotFound


def webhooks_of(*, workspace_id: UUID, actor: Actor) -> QuerySet[WebhookEndpoint]:
    return WebhookEndpoint.objects.visible_to(actor).filter(workspace_id=workspace_id)


def webhook(*, webhook_id: UUID, workspace_id: UUID, actor: Actor) -> WebhookEndpoint:
    found = webhooks_of(workspace_id=workspace_id, actor=actor).filter(pk=webhook_id).first()
    if found is None:
        raise NotFound
    return found


def messages_of(
    endpoint: WebhookEndpoint, *, actor: Actor, state: MessageState | None = None
) -> QuerySet[WebhookMessage]:
    """With what the last attempt came to."""
    last = WebhookAttempt.objects.filter(message=OuterRef("pk")).order_by("-id")
    found = (
        WebhookMessage.objects.visible_to(actor)
        .filter(endpoint=endpoint)
        .select_related("event")
        .annotate(
            last_status=Subquery(last.values("status")[:1]),
            last_error=Subquery(last.values("error")[:1]),
        )
    )
    match state:
        case MessageState.WAITING:
            return found.waiting()
        case MessageState.DELIVERED:
            return found.filter(delivered_at__isnull=False)
        case MessageState.FAILED:
            return found.filter(failed_at__isnull=False)
    return found


def message(*, message_id: UUID, endpoint: WebhookEndpoint, actor: Actor) -> WebhookMessage:
    found = (
        messages_of(endpoint, actor=actor)
        .select_related("endpoint")
        .prefetch_related("attempts")
        .filter(pk=message_id)
        .first()
    )
    if found is None:
        raise NotFound
    return found
