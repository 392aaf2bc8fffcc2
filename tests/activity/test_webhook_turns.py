"""Webhooks beside each other: replays, tests, and receivers that take their time."""

import json
from datetime import timedelta
from uuid import UUID

import psycopg
from django.db import connection
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import DataKey
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.activity.services import sending, webhooks
from apps.activity.webhooks.transport import post
from tests.activity.bells import ring
from tests.activity.webhooks import event_types, send
from tests.factories import WorkspaceFactory, member


def test_a_replay_sends_the_same_message_again(webhook, receiver, workspace, admin):
    ring(workspace.id)
    send()
    webhooks.replay_message(message=WebhookMessage.objects.get(), actor=admin)
    send()
    first, second = receiver.received
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert WebhookMessage.objects.get().attempts.count() == 2
    assert event_types()[-1] == "activity.webhook.replayed"


def test_a_test_reaches_this_webhook_alone_whatever_it_asked_for(
    webhook, receiver, workspace, admin
):
    webhooks.create_webhook(
        workspace_id=workspace.id,
        url=f"{receiver.url}/other",
        event_types=["*"],
        description="",
        created_by=admin.id,
        actor=admin,
    )
    webhooks.send_test(webhook=webhook.endpoint, actor=admin)
    send()
    by_path = {r.path: json.loads(r.body)["type"] for r in receiver.received}
    assert by_path["/hook"] == "activity.webhook.tested"
    assert by_path.get("/hook/other") == "activity.webhook.created"
    assert len(receiver.received) == 2


def test_two_tasks_do_not_send_at_once(webhook, receiver, workspace, settings):
    settings.WEBHOOKS_AT_ONCE = 2  # so that it is not the other limit that holds the second back
    ring(workspace.id)
    until = sending._lease(webhook.endpoint.id)
    assert until is not None
    sending.send_webhooks(endpoint_id=webhook.endpoint.id)
    assert receiver.received == []
    assert sending.claim(10) == []
    WebhookEndpoint.objects.update(leased_until=timezone.now(), next_at=timezone.now())
    send()
    assert len(receiver.received) == 1


def test_slow_receivers_leave_workers_to_everything_else(
    webhook, receiver, workspace, admin, settings
):
    settings.WEBHOOKS_AT_ONCE = 1
    second = webhooks.create_webhook(
        workspace_id=workspace.id,
        url=receiver.url,
        event_types=["tests.tower.*"],
        description="second",
        created_by=admin.id,
        actor=admin,
    )
    ring(workspace.id)
    assert sending._lease(webhook.endpoint.id) is not None  # it is being served
    before = timezone.now()
    sending.send_webhooks(endpoint_id=second.endpoint.id)
    assert receiver.received == []
    waiting = WebhookEndpoint.objects.get(description="second")
    assert waiting.leased_until is None
    assert before < waiting.next_at < before + timedelta(seconds=5)
    WebhookEndpoint.objects.update(leased_until=None, next_at=timezone.now())
    send()
    assert len(receiver.received) == 2


def crowd(receiver) -> tuple[WebhookEndpoint, WebhookEndpoint]:
    """Two of seven: one of six of a workspace, due for long, and the only one of another."""

    def several(number, path):
        place = WorkspaceFactory.create()
        boss = member(place, Role.OWNER)
        for _ in range(number):
            made = webhooks.create_webhook(
                workspace_id=place.id,
                url=receiver.url + path,
                event_types=["tests.tower.*"],
                description="",
                created_by=boss.id,
                actor=boss,
            )
        ring(place.id)
        return made.endpoint

    large, small = several(6, "/large"), several(1, "/small")
    long_ago = timezone.now() - timedelta(hours=1)
    WebhookEndpoint.objects.exclude(pk=small.pk).update(next_at=long_ago)
    return large, small


def test_workspaces_take_turns_whatever_one_of_them_has_waiting(db, receiver):
    _, small = crowd(receiver)
    first = sending.claim(2)
    assert str(small.id) in [start.id for start in first]
    assert len(sending.claim(10)) == 5


def test_whoever_is_being_served_lets_the_others_go_first(db, receiver, settings):
    settings.WEBHOOKS_AT_ONCE = 2
    large, small = crowd(receiver)
    assert sending._lease(large.id) is not None  # and it is slow
    starts = sending.claim(10)
    assert (len(starts), starts[0].id) == (6, str(small.id))
    for start in starts:
        sending.send_webhooks(endpoint_id=UUID(str(start.id)))
    assert receiver.received[0].path == "/hook/small"


def test_what_another_relay_claims_just_now_is_passed_over(committed_database, receiver):
    _, small = crowd(receiver)
    with psycopg.connect(committed_database) as neighbour:
        neighbour.execute(
            "SELECT FROM activity_webhookendpoint WHERE id = %s FOR UPDATE", [small.id]
        )
        claimed = [start.id for start in sending.claim(10)]
    assert len(claimed) == 6
    assert str(small.id) not in claimed
    assert [start.id for start in sending.claim(10)] == [str(small.id)]


def test_what_no_broker_took_is_due_at_once(webhook, workspace):
    ring(workspace.id)
    starts = sending.claim(10)
    assert [start.id for start in starts] == [str(webhook.endpoint.id)]
    assert sending.claim(10) == []
    sending.give_back(starts)
    assert len(sending.claim(10)) == 1


def test_no_transaction_is_open_while_it_is_sent(webhook, receiver, workspace, monkeypatch):
    """Asked of the connection itself, at the moment of sending."""
    seen = []

    def look(*args, **options):
        seen.append(len(connection.atomic_blocks))
        return post(*args, **options)

    monkeypatch.setattr(sending, "post", look)
    before = len(connection.atomic_blocks)
    ring(workspace.id)
    send()
    assert seen == [before]


def test_erased_keys_are_a_failed_attempt_and_nothing_is_sent(webhook, receiver, workspace):
    ring(workspace.id)
    DataKey.objects.all().delete()
    send()
    assert receiver.received == []
    assert "erased" in WebhookAttempt.objects.get().error
