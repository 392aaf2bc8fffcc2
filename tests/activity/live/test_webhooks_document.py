"""What docs/webhooks.md tells people to copy works: the curl, the receiver, and the example."""

import json
import os
import subprocess
import sys
from ipaddress import ip_network

import httpx
import pytest

from apps.accounts.choices import Role, Scope
from apps.accounts.services.members import add_member
from apps.activity.models import WebhookEndpoint, WebhookMessage
from apps.activity.services import sending
from apps.activity.services.webhooks import change_webhook
from tests.factories import PersonFactory, issue
from tests.pages import the_only
from tests.serving import free_port
from tests.waiting import eventually


@pytest.fixture
def created(uvicorn, house):
    """The answer to the documented curl."""
    key = issue(house.owner, house.workspace, Scope.MANAGE)
    environment = {**os.environ, "LATTICE_URL": uvicorn.url, "LATTICE_KEY": key}
    curl = ["sh", "-c", the_only("sh", "webhooks.md")]
    return json.loads(subprocess.check_output(curl, env=environment))


@pytest.fixture
def receiver(created, house, settings, tmp_path):
    """The documented receiver, running, and the endpoint led to it."""
    settings.WEBHOOK_ALLOW_CIDRS = [ip_network("127.0.0.0/8")]
    port, told = free_port(), tmp_path / "told.txt"
    url = f"http://127.0.0.1:{port}/"
    environment = {
        **os.environ,
        "LATTICE_WEBHOOK_SECRET": created["secret"],
        "PORT": str(port),
    }
    with told.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", the_only("python", "webhooks.md")],
            env=environment,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    eventually(lambda: _answers(url))
    endpoint = WebhookEndpoint.objects.get(pk=created["id"])
    change_webhook(webhook=endpoint, url=url, actor=house.owner)
    yield url, told
    process.kill()
    process.wait()


def _answers(url):
    try:
        return httpx.post(url, content=b"{}").status_code
    except httpx.TransportError:
        return None


def test_what_is_asked_for_with_curl_reaches_the_receiver_and_verifies(created, receiver, house):
    _, told = receiver
    newcomer = PersonFactory.create()
    add_member(
        workspace_id=house.workspace.id, user=newcomer, role=Role.REVIEWER, actor=house.owner
    )
    sending.send_webhooks(endpoint_id=created["id"])

    message = WebhookMessage.objects.get(endpoint=created["id"])
    assert [attempt.status for attempt in message.attempts.all()] == [204]
    assert message.delivered_at is not None
    eventually(lambda: str(newcomer.id) in told.read_text())
    assert f"{message.event.seq} accounts.member.added" in told.read_text()

    example, sent = (
        json.loads(the_only("json", "webhooks.md")),
        json.loads(sending.body_of(message.event)),
    )
    assert example.keys() == sent.keys()
    assert example["actor"].keys() == sent["actor"].keys()
    assert example["payload"].keys() == sent["payload"].keys()


def test_receiver_refuses_what_was_not_signed(receiver):
    url, told = receiver
    forged = {
        "webhook-id": "x",
        "webhook-timestamp": "1",
        "webhook-signature": "v1,AAAA",
    }
    assert httpx.post(url, content=b'{"type": "forged"}', headers=forged).status_code == 401
    assert httpx.post(url, content=b'{"type": "forged"}').status_code == 401
    assert told.read_text() == ""
