"""Effects that no request asks for stop as well, and what waited is done when it goes on."""

import pytest
from celery import current_app
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from apps.accounts.choices import Role
from apps.accounts.models import Invitation
from apps.accounts.services.invitations import create_invitation, send_invitation
from apps.activity import presence
from apps.activity.models import WebhookEndpoint
from apps.activity.relay import Relay
from apps.activity.services import sending
from apps.activity.services.presence import join
from apps.activity.services.webhooks import create_webhook
from apps.common.ids import uuid7
from apps.ledger import deliveries
from apps.ledger.errors import KillSwitchOn
from apps.ledger.models import Delivery, KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.services.switching import pull_switch, release_switch
from tests.activity.bells import BellRung, ring
from tests.activity.live.servers import connected
from tests.databases import off_loop
from tests.factories import member

WHY = "drill"


@pytest.fixture(params=["everything", "the workspace"])
def stop(request, workspace, owner, operator):
    """Either stops what happens in the workspace."""
    place = EVERYWHERE if request.param == "everything" else workspace.id
    return lambda: pull_switch(workspace_id=place, reason=WHY, actor=operator)


@pytest.fixture
def go_on(operator):
    def release():
        for switch in KillSwitch.objects.all():
            release_switch(workspace_id=switch.workspace_id, reason="over", actor=operator)

    return release


def called(task):
    autodiscover_modules("tasks")
    return current_app.tasks[task]


@pytest.mark.parametrize(
    "task",
    ["accounts.purge_expired", "activity.forget_old_messages", "accounts.send_due_invitations"],
)
def test_a_task_does_not_begin(task, operator):
    pull_switch(reason=WHY, actor=operator)
    with pytest.raises(KillSwitchOn):
        called(task)()


def test_workers_are_felt_and_checkpoints_written_all_the_same(operator, settings, tmp_path):
    settings.CHECKPOINT_DIR = tmp_path
    pull_switch(reason=WHY, actor=operator)
    called("ledger.write_checkpoint")()
    called("activity.pulse")("worker@here")
    assert list(tmp_path.iterdir())


def test_deliveries_wait_without_losing_an_attempt(workspace, settings, stop, go_on):
    settings.SUBSCRIPTIONS = {BellRung.type: ["tests.answer_bell"]}
    other = uuid7()
    ring(workspace.id)
    ring(other)
    stop()
    started = [start.id for start in deliveries.claim(10)]
    waiting = Delivery.objects.get(event__workspace_id=workspace.id)
    assert waiting.pk not in started
    assert waiting.attempts == 0
    go_on()
    Delivery.objects.update(next_at=timezone.now())
    assert waiting.pk in [start.id for start in deliveries.claim(10)]


def test_the_relay_starts_nothing_while_everything_is_stopped(workspace, settings, operator):
    settings.SUBSCRIPTIONS = {BellRung.type: ["tests.answer_bell"]}
    ring(workspace.id)
    pull_switch(reason=WHY, actor=operator)
    assert Relay().turn() == 0
    assert Delivery.objects.get().attempts == 0


def test_a_delivery_that_had_been_started_has_no_effect(workspace, settings, stop, go_on):
    settings.SUBSCRIPTIONS = {BellRung.type: ["tests.answer_bell"]}
    ring(workspace.id)
    (start,) = deliveries.claim(10)
    stop()
    with pytest.raises(KillSwitchOn), deliveries.taking(int(start.id)) as taken:
        assert taken is not None
    delivery = Delivery.objects.get()
    assert delivery.done_at is None
    assert delivery.last_error.startswith("KillSwitchOn (kill_switch)")


@pytest.fixture
def told(workspace, owner, receiver):
    return create_webhook(
        workspace_id=workspace.id,
        url=receiver.url,
        event_types=["tests.tower.*"],
        description="",
        created_by=owner.id,
        actor=owner,
    ).endpoint


def test_no_webhook_is_sent_and_what_waited_is_sent_afterwards(
    workspace, told, receiver, stop, go_on
):
    ring(workspace.id, times=2)
    stop()
    with pytest.raises(KillSwitchOn):
        sending.send_webhooks(endpoint_id=told.id)
    assert receiver.received == []
    go_on()
    sending.send_webhooks(endpoint_id=told.id)
    assert len(receiver.received) == 2


def test_a_stopped_workspace_has_no_webhooks_started(workspace, told, operator):
    ring(workspace.id)
    WebhookEndpoint.objects.update(next_at=timezone.now())
    pull_switch(workspace_id=workspace.id, reason=WHY, actor=operator)
    assert sending.claim(10) == []


def test_a_webhook_that_left_before_is_noted_and_not_sent_again(
    workspace, told, receiver, stop, go_on, monkeypatch
):
    ring(workspace.id, times=2)
    sent = sending._send

    def sent_and_then_stopped(message):
        answer = sent(message)
        if len(receiver.received) == 1:
            stop()
        return answer

    monkeypatch.setattr(sending, "_send", sent_and_then_stopped)
    with pytest.raises(KillSwitchOn):
        sending.send_webhooks(endpoint_id=told.id)
    assert told.messages.get(delivered_at__isnull=False).tries == 1
    assert len(receiver.received) == 1
    go_on()
    sending.send_webhooks(endpoint_id=told.id)
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 2
    assert len(receiver.received) == 2


def test_no_invitation_is_mailed_and_it_is_afterwards(workspace, owner, stop, go_on, mailoutbox):
    invitation = create_invitation(
        workspace_id=workspace.id, email="new@example.org", role=Role.VIEWER, actor=owner
    )
    stop()
    with pytest.raises(KillSwitchOn):
        send_invitation(invitation_id=invitation.id)
    assert mailoutbox == []
    go_on()
    Invitation.objects.update(due_at=timezone.now())
    assert send_invitation(invitation_id=invitation.id)
    assert len(mailoutbox) == 1


def test_nobody_comes_while_stopped(workspace, owner, stop):
    stop()
    with pytest.raises(KillSwitchOn):
        join(workspace_id=workspace.id, client_id="tab-1", actor=owner)
    assert presence.present_in([workspace.id]) == []


async def test_a_socket_opens_and_reads_but_its_commands_are_refused(uvicorn, house):
    operator = await off_loop(member, house.workspace, Role.OWNER)
    async with connected(uvicorn, house.key) as live:
        await live.watch(house.workspace.id)
        await off_loop(pull_switch, workspace_id=house.workspace.id, reason=WHY, actor=operator)
        assert (await live.next())["event"]["type"] == "policies.switch.pulled"
        refused = await live.ask(
            id=2, type="presence", workspace_id=str(house.workspace.id), client_id="tab-1"
        )
        assert refused["error"]["code"] == "kill_switch"
    async with connected(uvicorn, house.key) as late:
        assert late.ready["type"] == "ready"
    await off_loop(release_switch, workspace_id=house.workspace.id, reason="over", actor=operator)
