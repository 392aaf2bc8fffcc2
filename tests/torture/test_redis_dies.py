"""Row 5 of docs/reliability.md, whole: Redis is dead, then frozen, each a minute, then emptied."""

import json
import signal
import threading
import time
from itertools import count
from statistics import quantiles

import httpx
import pytest
from django.db import connections

from apps.accounts.choices import Scope
from apps.activity.services.webhooks import create_webhook
from apps.ledger.models import Delivery, Event
from tests.activity.bells import answered, ring
from tests.activity.test_relay import BACK_WITHIN, done
from tests.factories import WorkspaceFactory, issue
from tests.serving import serving
from tests.waiting import eventually

pytestmark = [pytest.mark.torture, pytest.mark.row(5), pytest.mark.timeout(900)]
MINUTE = 60.0
MOMENT = 5.0
"""In which messages gather in the broker, for it to forget."""
SLOWEST = 2.0
RENAMED = "accounts.workspace.renamed"


class Writer(threading.Thread):
    """Renames a workspace over HTTP five times a second, and rings a bell each time."""

    def __init__(self, url, key, workspace):
        super().__init__()
        self.ended = threading.Event()
        self.statuses = []
        self.seconds = []
        self.bells = []
        self.http = httpx.Client(headers={"X-API-Key": key}, timeout=30)
        self.place = f"{url}/api/v1/workspaces/{workspace.id}"
        self.workspace = workspace

    def run(self):
        for number in count():
            if self.ended.wait(0.2):
                break
            began = time.monotonic()
            answer = self.http.patch(self.place, json={"name": f"Number {number}"})
            self.seconds.append(time.monotonic() - began)
            self.statuses.append(answer.status_code)
            self.bells += [str(bell) for bell in ring(self.workspace.id)]
        connections.close_all()

    def stop(self):
        self.ended.set()
        self.join()
        self.http.close()

    @property
    def p99(self):
        return quantiles(self.seconds, n=100)[98]


@pytest.fixture
def workspace(committed_database):
    return WorkspaceFactory.create()


@pytest.fixture
def told(workspace, owner, receiver):
    """What outside was told of: every renaming."""
    create_webhook(
        workspace_id=workspace.id,
        url=receiver.url,
        event_types=[RENAMED],
        description="",
        created_by=owner.id,
        actor=owner,
    )
    return lambda: [json.loads(received.body)["id"] for received in list(receiver.received)]


@pytest.fixture
def web(machine, tmp_path):
    environment = {
        "DATABASE_URL": machine.environment["DATABASE_URL"],
        "REDIS_URL": machine.redis.url,
    }
    with serving("uvicorn", tmp_path / "web.log", **environment) as server:
        yield server


def test_redis_dies_freezes_and_forgets_and_nothing_is_lost(
    machine, subscribed, workspace, owner, told, web, figures
):
    subscribed("tests.answer_bell")
    worker = machine.worker(WEBHOOK_ALLOW_CIDRS="127.0.0.0/8")
    relay = machine.relay()
    redis = machine.redis
    key = issue(owner, workspace, *Scope)
    bells = [str(bell) for bell in ring(workspace.id)]
    eventually(done, what="it works before")

    def forget():
        with redis.client() as client:
            client.flushall()
        worker.send_signal(signal.SIGCONT)

    def arrived():
        renamed = Event.objects.filter(type=RENAMED).values_list("id", flat=True)
        return done() and set(told()) == {str(event) for event in renamed}

    for injury, hurt, heal, seconds in [
        ("down for 60 s", redis.kill, redis.start, MINUTE),
        (
            "frozen for 60 s",
            lambda: redis.signal(signal.SIGSTOP),
            lambda: redis.signal(signal.SIGCONT),
            MINUTE,
        ),
        ("emptied", lambda: worker.send_signal(signal.SIGSTOP), forget, MOMENT),
    ]:
        writer = Writer(web.url, key, workspace)
        hurt()
        writer.start()
        writer.join(seconds)
        heal()
        back = time.monotonic()
        writer.stop()
        eventually(arrived, within=BACK_WITHIN, what=f"{injury}: everything has arrived")
        bells += writer.bells
        figures(
            f"Redis {injury}: {len(writer.statuses)} writes, "
            f"{sum(status != 200 for status in writer.statuses)} refused, "
            f"p99 {writer.p99 * 1000:.0f} ms, slowest {max(writer.seconds) * 1000:.0f} ms; "
            f"all delivered {time.monotonic() - back:.1f} s after its return"
        )
        assert set(writer.statuses) == {200}
        assert writer.p99 < SLOWEST

    assert sorted(answered()) == sorted(bells), "each once"
    assert Delivery.objects.count() == len(bells)
    assert worker.poll() is relay.poll() is None, "they consume again without a restart"
