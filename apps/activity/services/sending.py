"""Sending webhooks: from rows, between transactions, never inside one.

One endpoint is served by one task at a time, which keeps its events in order, and a slow receiver
from taking more than one worker. However many receivers are slow, not more than WEBHOOKS_AT_ONCE
are served at a time, so that workers are left for everything else, and workspaces take turns, so
that one with many slow receivers leaves room to others. The task leases the endpoint, turns its new
events into messages, and sends those that are due until one fails or its time is up. All of it may
be cut short anywhere: the lease ends, and what was not noted is sent again under the same id.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import decrypt
from apps.activity import events
from apps.activity.choices import DisabledBecause
from apps.activity.models import (
    WebhookAttempt,
    WebhookEndpoint,
    WebhookEndpointQuerySet,
    WebhookMessage,
)
from apps.activity.rules import wants
from apps.activity.webhooks.signing import signature_header
from apps.activity.webhooks.transport import Answer, post
from apps.common.actors import SYSTEM
from apps.common.batches import delete_in_batches
from apps.common.ids import first_id_at
from apps.common.prepared import prepared
from apps.common.version import VERSION
from apps.ledger.deliveries import FIRST_WAIT, Start, wait_after
from apps.ledger.models import Event, KillSwitch
from apps.ledger.services import record, unit
from apps.ledger.switch import require_running, staying_open

TASK = "activity.send_webhooks"
STINT = 20.0
"""Seconds after which a task sends no further message."""
LEASE = timedelta(seconds=60)
"""Longer than a stint and one whole attempt."""
ASK_AGAIN = timedelta(seconds=2)
"""When to try an endpoint again that found as many served as may be at once."""
LONGEST_REST = timedelta(minutes=10)
"""How long an endpoint that keeps failing is left alone before it is tried with anything."""
GIVEN_UP_AFTER = timedelta(days=3)
OFFERED = 500


# --- a source of the relay


def claim(limit: int) -> list[Start]:
    """In the order in which they are to be served: workspaces take turns."""
    next_ones = _next_ones(limit=limit)
    if not next_ones:
        return []
    with transaction.atomic():
        free = set(
            _with_work()
            .filter(pk__in=next_ones)
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)
        )
        WebhookEndpoint.objects.filter(pk__in=free).update(next_at=timezone.now() + FIRST_WAIT)
    return [Start(TASK, str(pk)) for pk in next_ones if pk in free]


@prepared
def _next_ones(*, limit: int) -> QuerySet[WebhookEndpoint, UUID]:
    return _with_work().in_turns().values_list("pk", flat=True)[:limit]


def _with_work() -> WebhookEndpointQuerySet:
    stopped = KillSwitch.objects.stopping(OuterRef("workspace_id"))
    return WebhookEndpoint.objects.with_work().exclude(Exists(stopped))


def give_back(unsent: Sequence[Start]) -> None:
    WebhookEndpoint.objects.filter(pk__in=[start.id for start in unsent]).update(
        next_at=timezone.now()
    )


# --- the task's work


def send_webhooks(*, endpoint_id: UUID) -> None:
    until = _lease(endpoint_id)
    if until is None:
        return
    held = WebhookEndpoint.objects.filter(pk=endpoint_id, leased_until=until)
    try:
        offer_events(endpoint_id)
        if _send_due(endpoint_id):
            held.update(next_at=timezone.now())
    finally:
        held.update(leased_until=None)


def offer_events(endpoint_id: UUID) -> None:
    """Make messages of the events after the cursor that this endpoint wants."""
    with transaction.atomic():
        endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint_id)
        found = list(
            Event.objects.filter(workspace_id=endpoint.workspace_id, seq__gt=endpoint.cursor)
            .order_by("seq")
            .only("id", "seq", "type", "payload")[:OFFERED]
        )
        if not found:
            return
        WebhookMessage.objects.bulk_create(
            [
                WebhookMessage(endpoint=endpoint, event=event)
                for event in found
                if wants(endpoint.id, endpoint.event_types, event.type, event.payload)
            ],
            ignore_conflicts=True,
        )
        endpoint.cursor = found[-1].seq
        endpoint.save(update_fields=["cursor"])


def body_of(event: Event) -> bytes:
    """The event as feeds show it. The same bytes at every attempt."""
    return orjson.dumps(
        {
            "id": event.id,
            "type": event.type,
            "workspace_id": event.workspace_id,
            "seq": event.seq,
            "timestamp": event.at.astimezone(UTC),
            "actor": {"id": event.actor_id, "kind": event.actor_kind},
            "payload": event.payload,
        }
    )


def forget_old_messages() -> int:
    """With their attempts."""
    past = timezone.now() - timedelta(days=settings.DELIVERY_LOG_DAYS)
    ended = WebhookMessage.objects.exclude(delivered_at=None, failed_at=None)
    return delete_in_batches(ended.filter(pk__lt=first_id_at(past)))


def _lease(endpoint_id: UUID) -> datetime | None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('webhook leases', 0))")
        now = timezone.now()
        served = WebhookEndpoint.objects.filter(leased_until__gt=now)
        free = WebhookEndpoint.objects.enabled().filter(pk=endpoint_id)
        free = free.exclude(leased_until__gt=now)
        if served.count() >= settings.WEBHOOKS_AT_ONCE:
            free.update(next_at=now + ASK_AGAIN)
            return None
        taken = free.update(leased_until=now + LEASE, next_at=now + FIRST_WAIT)
    return now + LEASE if taken else None


def _send_due(endpoint_id: UUID) -> bool:
    """Oldest first. Whether all went well."""
    due = (
        WebhookMessage.objects.due()
        .filter(endpoint=endpoint_id, endpoint__disabled_at__isnull=True)
        .select_related("endpoint", "event")
        .order_by("event__seq")
    )
    ends = time.monotonic() + STINT
    while time.monotonic() < ends and (message := due.first()):
        require_running(message.endpoint.workspace_id)
        answer = _send(message)
        _note(message, answer)
        if not answer.accepted:
            return False
    return True


def _send(message: WebhookMessage) -> Answer:
    endpoint, timestamp = message.endpoint, int(time.time())
    try:
        secrets = [
            decrypt(endpoint.workspace_id, bytes(secret.sealed), context=secret.context).decode()
            for secret in endpoint.secrets.valid()
        ]
    except (KeysErased, Undecipherable) as error:
        return Answer(0.0, error=error.text)
    body = body_of(message.event)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Lattice-Webhooks/{VERSION}",
        "Accept-Encoding": "identity",
        "webhook-id": str(message.id),
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_header(
            secrets, message=str(message.id), timestamp=timestamp, body=body
        ),
    }
    return post(
        endpoint.url,
        body,
        headers,
        https_only=not settings.DEVELOPMENT,
        allowed=settings.WEBHOOK_ALLOW_CIDRS,
    )


def _note(sent: WebhookMessage, answer: Answer) -> None:
    with staying_open(), unit(actor=SYSTEM, workspace=sent.endpoint.workspace_id):  # it was sent
        endpoint = WebhookEndpoint.objects.select_for_update().filter(pk=sent.endpoint_id).first()
        if endpoint is None:
            return  # deleted meanwhile
        message = WebhookMessage.objects.select_for_update().get(pk=sent.pk)
        WebhookAttempt.objects.create(
            message=message,
            duration_ms=round(answer.seconds * 1000),
            status=answer.status,
            error=answer.error,
            response=answer.text,
        )
        message.tries += 1
        if answer.accepted:
            _note_success(endpoint, message)
        else:
            _note_failure(endpoint, message)
        if answer.gone and endpoint.enabled:
            _disable(endpoint)


def _note_success(endpoint: WebhookEndpoint, message: WebhookMessage) -> None:
    message.delivered_at, message.failed_at = timezone.now(), None
    message.save(update_fields=["tries", "delivered_at", "failed_at"])
    endpoint.failures = 0
    endpoint.save(update_fields=["failures"])


def _note_failure(endpoint: WebhookEndpoint, message: WebhookMessage) -> None:
    """The message waits for its next attempt, the endpoint rests a little from all of them."""
    now = timezone.now()
    message.next_at = now + wait_after(message.tries)
    message.save(update_fields=["tries", "next_at"])
    endpoint.failures += 1
    endpoint.next_at = now + min(wait_after(endpoint.failures), LONGEST_REST)
    endpoint.save(update_fields=["failures", "next_at"])
    hopeless = endpoint.messages.waiting().filter(since__lte=now - GIVEN_UP_AFTER)
    hopeless.update(failed_at=now)


def _disable(endpoint: WebhookEndpoint) -> None:
    endpoint.disabled_at, endpoint.disabled_because = timezone.now(), DisabledBecause.GONE
    endpoint.save(update_fields=["disabled_at", "disabled_because"])
    record(events.WebhookDisabled(webhook=endpoint.id, because=DisabledBecause.GONE.value))
