"""Row 14 of docs/reliability.md, short: the kill switch kills, even with Redis down."""

import httpx
import pytest

from apps.accounts.choices import Role, Scope
from apps.activity.services.webhooks import create_webhook
from apps.ledger.models import Event
from tests.activity.bells import BellRung, answered, ring
from tests.factories import WorkspaceFactory, issue, member
from tests.policies.drills import WITHIN, WRITERS, drill, let_go_on, records, renames, rings
from tests.serving import serving
from tests.waiting import eventually

WORKS_FOR, STOPPED_FOR = 1.0, 2.0
BREATH = 1.5
"""Between two that owe something: it has to be done in the end."""


@pytest.fixture
def workspaces(room_for_all):
    return [WorkspaceFactory.create() for _ in range(4)]


@pytest.fixture
def told(workspaces, receiver):
    for workspace in workspaces:
        owner = member(workspace, Role.OWNER)
        create_webhook(
            workspace_id=workspace.id,
            url=receiver.url,
            event_types=["tests.tower.bell_rung"],
            description="",
            created_by=owner.id,
            actor=owner,
        )


@pytest.fixture
def web(machine, tmp_path):
    environment = {
        "DATABASE_URL": machine.environment["DATABASE_URL"],
        "REDIS_URL": machine.redis.url,
        "DATABASE_POOL": str(WRITERS),
    }
    with serving("uvicorn", tmp_path / "web.log", **environment) as server:
        yield server


@pytest.fixture
def acts(web, workspaces, told):
    """Eight ask over HTTP, four record, four record what others are owed."""
    with httpx.Client(timeout=30, limits=httpx.Limits(max_connections=WRITERS)) as http:
        yield list(whatever_happens(http, web, workspaces))


def whatever_happens(http, web, workspaces):
    for number in range(WRITERS):
        workspace = workspaces[number % len(workspaces)]
        if number % 4 == 0:
            yield records(workspaces[number // 4]), 0
        elif number % 4 == 1:
            yield rings(workspaces[number // 4]), BREATH
        else:
            key = issue(member(workspace, Role.OWNER), workspace, *Scope)
            yield renames(http, web.url, key, workspace), 0


@pytest.fixture
def at_work(machine, subscribed, workspaces, told, receiver):
    """A worker and a relay that have begun to consume."""
    subscribed("tests.answer_bell")
    machine.worker(WEBHOOK_ALLOW_CIDRS="127.0.0.0/8")
    machine.relay()
    ring(workspaces[0].id)
    eventually(lambda: answered() and receiver.received, what="it works before")


@pytest.mark.long
@pytest.mark.timeout(400)
def test_no_effect_begins_a_second_after_the_switch_even_with_redis_down(
    machine, at_work, acts, receiver
):
    machine.redis.kill()
    outcome = drill(machine, acts, receiver, works_for=WORKS_FOR, stopped_for=STOPPED_FOR)
    assert outcome.late <= WITHIN, outcome
    assert outcome.refused > WRITERS
    machine.redis.start()
    let_go_on(machine, receiver)
    bells = {event.payload["bell"] for event in Event.objects.filter(type=BellRung.type)}
    assert sorted(answered()) == sorted(bells), "each once"
