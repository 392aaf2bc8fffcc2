"""What happens in a workspace reaches the addresses that asked for it, signed, once, in order."""

import json
import logging.config
import zipfile
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from apps.accounts.choices import Role
from apps.accounts.models import DataKey
from apps.accounts.services.exports import export_workspace
from apps.accounts.services.workspaces import delete_workspace
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.activity.services import sending, webhooks
from apps.activity.tasks import forget_webhooks
from apps.activity.webhooks.transport import post
from apps.common import logs
from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger import deliveries
from apps.ledger.models import Event
from tests.activity.bells import BellRung, ring
from tests.factories import WorkspaceFactory, member
from tests.waiting import eventually


def send() -> None:
    """As the relay and a worker would: whatever is due."""
    for start in sending.claim(10):
        sending.send_webhooks(endpoint_id=UUID(str(start.id)))


def time_passes() -> None:
    WebhookEndpoint.objects.update(next_at=timezone.now())
    WebhookMessage.objects.update(next_at=timezone.now())


def opened(received, secret):
    """Verified by a library that is not ours."""
    return Webhook(secret).verify(received.body, received.headers)


def event_types() -> list[str]:
    return list(Event.objects.order_by("seq").values_list("type", flat=True))


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
    assert abs((datetime.now(UTC) - sent_at).total_seconds()) < 5


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
    send()
    message = WebhookMessage.objects.get()
    assert 7 < (message.next_at - timezone.now()).total_seconds() <= 10
    send()
    assert len(receiver.received) == 1, "it waits"

    receiver.will_answer(302)
    time_passes()
    send()
    message.refresh_from_db()
    assert 15 < (message.next_at - timezone.now()).total_seconds() <= 20
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


def test_during_a_rotation_both_secrets_verify_and_afterwards_the_new_one_alone(
    webhook, receiver, workspace, admin
):
    new = webhooks.rotate_secret(webhook=webhook.endpoint, overlap=timedelta(hours=1), actor=admin)
    ring(workspace.id)
    send()
    (received,) = receiver.received
    assert received.headers["webhook-signature"].count("v1,") == 2
    opened(received, webhook.secret)
    opened(received, new.secret)

    webhook.endpoint.secrets.exclude(expires_at=None).update(expires_at=timezone.now())
    ring(workspace.id)
    send()
    opened(receiver.received[1], new.secret)
    with pytest.raises(WebhookVerificationError):
        opened(receiver.received[1], webhook.secret)


def test_however_often_it_is_rotated_five_secrets_live_and_the_oldest_ends(
    webhook, receiver, workspace, admin
):
    week = timedelta(days=7)
    made = [webhook] + [
        webhooks.rotate_secret(webhook=webhook.endpoint, overlap=week, actor=admin)
        for _ in range(6)
    ]
    ring(workspace.id)
    send()
    (received,) = receiver.received
    assert received.headers["webhook-signature"].count("v1,") == 5
    for living in made[2:]:
        opened(received, living.secret)
    for ended in made[:2]:
        with pytest.raises(WebhookVerificationError):
            opened(received, ended.secret)
    assert webhook.endpoint.secrets.count() == 5


def test_after_a_leak_the_new_secret_is_the_only_one(webhook, workspace, admin):
    for overlap in (timedelta(days=7), timedelta(0)):
        webhooks.rotate_secret(webhook=webhook.endpoint, overlap=overlap, actor=admin)
    assert webhook.endpoint.secrets.valid().count() == 1


def test_an_address_which_may_hold_a_secret_is_not_logged(webhook, workspace, tmp_path):
    log = tmp_path / "worker.log"
    configured = logs.configuration(level="DEBUG", file=str(log))
    url = f"{webhook.endpoint.url}/services/T024/canary?where=canary"
    WebhookEndpoint.objects.update(url=url)
    ring(workspace.id)
    try:
        logging.config.dictConfig(configured)
        logging.getLogger("lattice").info("this is written")
        send()
    finally:
        logging.config.dictConfig(settings.LOGGING)
    assert WebhookMessage.objects.filter(delivered_at__isnull=False).exists()
    assert "this is written" in log.read_text()
    assert "canary" not in log.read_text()


def test_a_secret_stands_nowhere_but_in_the_answer(webhook):
    stored = bytes(webhook.endpoint.secrets.get().sealed)
    assert webhook.secret.encode() not in stored
    assert webhook.secret.removeprefix("whsec_").encode() not in stored
    for event in Event.objects.all():
        assert "whsec_" not in json.dumps(event.payload)
        assert webhook.endpoint.url not in json.dumps(event.payload)


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


def test_two_tasks_do_not_send_at_once(webhook, receiver, workspace):
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


def test_a_deleted_workspace_is_told_nothing(webhook, receiver, workspace):
    ring(workspace.id)
    workspace.deleted_at = timezone.now()
    workspace.save()
    assert sending.claim(10) == []
    sending.send_webhooks(endpoint_id=webhook.endpoint.id)
    assert receiver.received == []


def test_an_export_holds_the_endpoint_and_no_secret(webhook, workspace, tmp_path):
    owner = member(workspace, Role.OWNER)
    target = tmp_path / "export.zip"
    export_workspace(workspace_id=workspace.id, target=target, actor=owner)
    with zipfile.ZipFile(target) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert webhook.endpoint.url in everything
    sealed = bytes(webhook.endpoint.secrets.get().sealed)
    for secret in (webhook.secret.removeprefix("whsec_"), b64encode(sealed).decode(), sealed.hex()):
        assert secret not in everything


def test_of_a_deleted_workspace_no_webhook_is_left(webhook, receiver, workspace, tmp_path):
    elsewhere = WorkspaceFactory.create()
    boss = member(elsewhere, Role.OWNER)
    other = webhooks.create_webhook(
        workspace_id=elsewhere.id,
        url=receiver.url,
        event_types=["*"],
        description="",
        created_by=boss.id,
        actor=boss,
    )
    ring(workspace.id)
    sending.offer_events(webhook.endpoint.id)
    owner = member(workspace, Role.OWNER)
    digest = export_workspace(
        workspace_id=workspace.id, target=tmp_path / "export.zip", actor=owner
    ).digest
    delete_workspace(workspace_id=workspace.id, export_digest=digest, actor=owner)
    sending.send_webhooks(endpoint_id=webhook.endpoint.id)
    assert receiver.received == []

    [start] = [one for one in deliveries.claim(10) if one.task == forget_webhooks.name]
    forget_webhooks(int(start.id))
    assert list(WebhookEndpoint.objects.values_list("id", flat=True)) == [other.endpoint.id]
    assert WebhookMessage.objects.count() == 0
    last = Event.objects.filter(workspace_id=workspace.id).latest("seq")
    assert (last.type, last.payload) == (
        "activity.webhook.deleted",
        {"webhook": str(webhook.endpoint.id)},
    )


def test_what_stands_in_a_workspace_that_lives_is_not_forgotten(webhook, workspace):
    before = event_types()
    webhooks.forget_webhooks(workspace_id=workspace.id, actor=SYSTEM)
    assert WebhookEndpoint.objects.exists()
    assert event_types() == before


def test_the_log_is_forgotten_after_a_month_but_not_what_still_waits(webhook, receiver, workspace):
    ring(workspace.id, times=2)
    receiver.will_answer(200, 500)
    send()
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        assert sending.forget_old_messages() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert sending.forget_old_messages() == 1
    assert WebhookMessage.objects.get().delivered_at is None
    assert WebhookAttempt.objects.get().status == 500


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
