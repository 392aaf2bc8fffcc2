"""Secrets of webhooks: rotated, replaced after a leak, and shown nowhere else."""

import json
import logging.config
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from apps.activity.models import WebhookEndpoint, WebhookMessage
from apps.activity.services import webhooks
from apps.common import logs
from apps.ledger.models import Event
from tests.activity.bells import ring
from tests.activity.webhooks import opened, send


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
