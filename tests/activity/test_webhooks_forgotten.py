"""What is left of webhooks in exports, after a workspace is deleted, and after a month."""

import zipfile
from base64 import b64encode
from datetime import timedelta

import time_machine
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.services.exports import export_workspace
from apps.accounts.services.workspaces import delete_workspace
from apps.activity.models import WebhookAttempt, WebhookEndpoint, WebhookMessage
from apps.activity.services import sending, webhooks
from apps.activity.tasks import forget_webhooks
from apps.common.actors import SYSTEM
from apps.ledger import deliveries
from apps.ledger.models import Event
from tests.activity.bells import ring
from tests.activity.webhooks import event_types, send
from tests.factories import WorkspaceFactory, member


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
