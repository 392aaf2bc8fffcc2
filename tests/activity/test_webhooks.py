"""Events that are sent to webhooks: what arrives, in which order, and what is tried again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from apps.accounts.choices import Role
from apps.activity.models import WebhookEndpoint, WebhookMessage
from apps.activity.services import webhooks
from apps.common.ids import uuid7
from apps.ledger.models import Event
from tests.activity.bells import BellRung, ring
from tests.activity.webhooks import event_types, opened, send, time_passes
from tests.factories import WorkspaceFactory, member
from tests.waiting import eventually


def test_an_event_is_sent_as_feeds_show_it_and_verifies(webhook, receiver, workspace):
    (bell,) = ring(workspace.id)
    send()
    (received,) = receiver.received
    event = Event.objects.get(type=BellRung.type)
    assert opened(received, webhook.secret) == {
        "id": str(event.id),
        "type": "tests.tower.bell_rung",
        "workspace_id": str(workspace.id),
        "seq": event.seq,
        "timestamp": event.at.isoformat(),
        "actor": {"id": str(event.actor_id), "kind": "system"},
        "payload": {"bell": str(bell)},
    }
    assert received.headers["content-type"] == "application/json"
    assert received.headers["webhook-id"] == str(WebhookMessage.objects.get().id)
    sent_at = datetime.fromtimestamp(int(received.headers["webhook-timestamp"]), UTC)
    assert abs((datetime.now(UTC) - sent_at).total_seconds()) < 60


def test_a_message_that_was_changed_on_its_way_does_not_verify(webhook, receiver, workspace):
    ring(workspace.id)
    send()
    (received,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook.secret).verify(received.body + b" ", received.headers)
    with pytest.raises(WebhookVerificationError):
        opened(received, "whsec_" + "A" * 43 + "=")


def test_events_arrive_in_order_and_once(webhook, receiver, workspace):
    ring(workspace.id, times=5)
    send()
    ring(workspace.id, times=5)
    send()
    send()
    seqs = [json.loads(received.body)["seq"] for received in receiver.received]
    assert len(seqs) == 10
    assert seqs == sorted(seqs)


def test_only_what_was_asked_for_is_sent_and_nothing_of_before_or_of_others(
    webhook, receiver, workspace, admin
):
    ring(uuid7())
    webhooks.change_webhook(webhook=webhook.endpoint, description="x", actor=admin)
    send()
    assert receiver.received == []
    assert WebhookMessage.objects.count() == 0
    webhook.endpoint.refresh_from_db()
    assert webhook.endpoint.cursor == Event.objects.filter(workspace_id=workspace.id).count()


def test_a_failure_is_tried_again_under_the_same_id_with_growing_waits(
    webhook, receiver, workspace
):
    ring(workspace.id)
    receiver.will_answer(500, text=b"out of order")
    asked = timezone.now()
    send()
    message = WebhookMessage.objects.get()
    assert asked + timedelta(seconds=7) < message.next_at <= timezone.now() + timedelta(seconds=10)
    send()
    assert len(receiver.received) == 1, "it waits"

    receiver.will_answer(302)
    time_passes()
    asked = timezone.now()
    send()
    message.refresh_from_db()
    assert asked + timedelta(seconds=15) < message.next_at <= timezone.now() + timedelta(seconds=20)
    time_passes()
    send()
    message.refresh_from_db()
    assert message.delivered_at is not None
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len({received.body for received in receiver.received}) == 1
    tried = list(message.attempts.values_list("status", "response"))
    assert tried == [(500, "out of order"), (302, ""), (200, "ok")]
    assert all(attempt.duration_ms < 15_000 for attempt in message.attempts.all())


def test_a_message_that_fails_holds_back_the_others_only_for_its_endpoints_rest(
    webhook, receiver, workspace
):
    ring(workspace.id, times=3)
    receiver.will_answer(400)
    send()
    assert len(receiver.received) == 1
    WebhookEndpoint.objects.update(next_at=timezone.now())
    send()
    assert WebhookMessage.objects.filter(delivered_at__isnull=False).count() == 2
    assert WebhookMessage.objects.waiting().get().tries == 1


def test_what_could_not_be_sent_for_three_days_is_given_up(webhook, receiver, workspace):
    ring(workspace.id, times=2)
    receiver.will_answer(500, 500)
    send()
    long_ago = timezone.now() - timedelta(days=3)
    WebhookMessage.objects.filter(tries=1).update(since=long_ago)
    time_passes()
    send()
    assert WebhookMessage.objects.filter(failed_at__isnull=False).count() == 1
    assert WebhookMessage.objects.waiting().count() == 1


def test_410_disables_the_webhook_and_is_recorded(webhook, receiver, workspace):
    ring(workspace.id, times=2)
    receiver.will_answer(410)
    send()
    webhook.endpoint.refresh_from_db()
    assert (webhook.endpoint.enabled, webhook.endpoint.disabled_because) == (False, "gone")
    assert event_types()[-1] == "activity.webhook.disabled"
    time_passes()
    send()
    assert len(receiver.received) == 1


def test_enabled_again_it_gets_what_waited_and_what_is_new_but_not_what_it_missed(
    webhook, receiver, workspace, admin
):
    ring(workspace.id)
    receiver.will_answer(410)
    send()
    missed = ring(workspace.id)
    webhooks.change_webhook(webhook=webhook.endpoint, enabled=True, actor=admin)
    new = ring(workspace.id)
    time_passes()
    send()
    bells = [json.loads(received.body)["payload"]["bell"] for received in receiver.received]
    assert bells[0] == bells[1]
    assert bells[2:] == [str(bell) for bell in new]
    assert str(missed[0]) not in bells


def test_relay_and_worker_send_it_within_seconds(machine, receiver):
    """Two relays, two workers' children, one broken receiver beside: each event once."""
    place = WorkspaceFactory.create()
    boss = member(place, Role.OWNER)
    options: dict[str, Any] = {
        "workspace_id": place.id,
        "created_by": boss.id,
        "actor": boss,
        "description": "",
    }
    made = webhooks.create_webhook(url=receiver.url, event_types=["tests.*"], **options)
    webhooks.create_webhook(url="http://127.0.0.1:1024/", event_types=["*"], **options)
    allowed = {"WEBHOOK_ALLOW_CIDRS": "127.0.0.0/8"}
    machine.worker(**allowed)
    machine.relay(**allowed)
    machine.relay(**allowed)
    ring(place.id, times=20)
    eventually(lambda: len(receiver.received) >= 20)
    eventually(lambda: not made.endpoint.messages.waiting().exists())
    seqs = [opened(received, made.secret)["seq"] for received in receiver.received]
    assert seqs == sorted(set(seqs))
    assert len(seqs) == 20
