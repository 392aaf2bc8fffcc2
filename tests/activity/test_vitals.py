"""The doctor and Prometheus see what waits, how long it has waited, and who works on it."""

import json
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from apps.activity.models import WebhookEndpoint, WorkerPulse
from apps.activity.services import sending
from apps.activity.services.pulses import note_pulse
from apps.activity.vitals import work_levels
from apps.common.ids import uuid7
from apps.common.metrics import exposition
from apps.common.runtime.seat import taken_seat
from apps.ledger import deliveries
from apps.ledger.models import Delivery
from tests.activity.belfry import answer_bell
from tests.activity.bells import ring

PROMISED = {
    "lattice_deliveries",
    "lattice_deliveries_oldest_seconds",
    "lattice_webhook_messages_unsent",
    "lattice_webhook_messages_oldest_seconds",
    "lattice_webhook_endpoints_failing",
    "lattice_workers_consuming",
}


@pytest.fixture
def owed(db, subscribed):
    """Three deliveries: one parked, one started, one that is due."""
    subscribed(answer_bell.name)
    ring(uuid7(), times=3)
    parked, started, due = Delivery.objects.order_by("id")
    parked.parked_at = timezone.now()
    started.next_at = timezone.now() + timedelta(seconds=10)
    for delivery in (parked, started, due):
        delivery.save()
    return due


def doctor():
    """Its lines by subject, and its exit code."""
    out = StringIO()
    code = 0
    try:
        call_command("doctor", "--json", stdout=out)
    except CommandError as error:
        code = error.returncode
    facts = json.loads(out.getvalue())
    return {found["subject"]: found for found in facts["findings"]}, code


def shown(text=None):
    """Of what is ours, or about requests: there is much else, which takes long to read."""
    lines = (text or exposition().decode()).splitlines()
    text = "\n".join(line for line in lines if "lattice_" in line or "in_progress" in line)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_doctor_is_content_where_somebody_consumes_and_nothing_is_parked(db):
    note_pulse(worker="celery@one")
    lines, code = doctor()
    assert code == 0
    assert lines["workers"]["text"] == "1 consume: celery@one"
    for subject in ("workers", "deliveries", "parked", "webhooks"):
        assert (lines[subject]["health"], lines[subject]["fix"]) == ("ok", "")


def test_without_a_worker_that_consumes_it_is_degraded_and_doctor_says_what_to_start(db):
    note_pulse(worker="celery@one")
    WorkerPulse.objects.update(at=timezone.now() - timedelta(minutes=20))
    lines, code = doctor()
    assert code == 3
    assert lines["workers"]["health"] == "warn"
    assert "20 minutes ago" in lines["workers"]["text"]
    assert "manage.py run worker" in lines["workers"]["fix"]


def test_a_stopped_lattice_of_one_machine_needs_no_worker(db, settings, tmp_path):
    settings.EMBEDDED_POSTGRES, settings.DATA_DIR = True, tmp_path
    (tmp_path / "run").mkdir()
    assert doctor()[0]["workers"]["health"] == "ok"
    with taken_seat(tmp_path / "run", "http://127.0.0.1:1"):
        assert doctor()[0]["workers"]["health"] == "warn"


def test_parked_deliveries_are_degraded_and_doctor_says_how_to_replay_them(owed):
    note_pulse(worker="celery@one")
    lines, code = doctor()
    assert code == 3
    assert lines["parked"]["health"] == "warn"
    assert "manage.py deliveries --replay-all" in lines["parked"]["fix"]
    assert lines["deliveries"]["health"] == "ok"
    assert lines["deliveries"]["text"].startswith("1 due, 1 under way or waiting to be retried")


def test_what_is_due_for_long_points_at_the_relay(owed):
    note_pulse(worker="celery@one")
    Delivery.objects.filter(pk=owed.pk).update(next_at=timezone.now() - timedelta(minutes=5))
    lines, _ = doctor()
    assert lines["deliveries"]["health"] == "warn"
    assert "5 minutes ago" in lines["deliveries"]["fix"]
    assert "manage.py run relay" in lines["deliveries"]["fix"]


def test_prometheus_reads_what_waits_and_who_consumes(owed):
    note_pulse(worker="celery@one")
    note_pulse(worker="celery@two")
    found = shown()
    for state in ("due", "waiting", "parked"):
        assert found["lattice_deliveries", state] == 1
    assert 0 < found["lattice_deliveries_oldest_seconds",] < 60
    assert found["lattice_workers_consuming",] == 2
    assert 0 <= found["lattice_worker_pulse_age_seconds",] < 60


def test_what_is_done_waits_no_more(owed):
    Delivery.objects.update(done_at=timezone.now(), parked_at=None)
    found = shown()
    assert {found["lattice_deliveries", state] for state in ("due", "waiting", "parked")} == {0}
    assert found["lattice_deliveries_oldest_seconds",] == 0


def test_unsent_webhooks_are_told_until_they_are_sent_or_their_endpoint_is_disabled(
    webhook, receiver, workspace
):
    def unsent():
        found = shown()
        return found["lattice_webhook_messages_unsent",], found[
            "lattice_webhook_endpoints_failing",
        ]

    ring(workspace.id, times=2)
    receiver.will_answer(500)
    assert unsent() == (0, 0)
    (start,) = sending.claim(10)
    sending.send_webhooks(endpoint_id=UUID(str(start.id)))
    assert unsent() == (2, 1)
    assert shown()["lattice_webhook_messages_oldest_seconds",] > 0
    lines, _ = doctor()
    assert lines["webhooks"]["text"].startswith("2 to send")
    assert "Webhooks in the console" in lines["webhooks"]["fix"]

    WebhookEndpoint.objects.update(disabled_at=timezone.now())
    assert unsent() == (0, 0)


def test_levels_cost_the_same_few_queries_whatever_waits(owed, client, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(8):
            client.get("/metrics")
        ring(uuid7(), times=5)


def test_several_processes_do_not_add_them_up(owed, tmp_path, monkeypatch):
    alone = shown()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    among_others = shown()
    for name in PROMISED - {"lattice_deliveries"}:
        if not name.endswith("_seconds"):
            assert among_others[name,] == alone[name,]
    assert among_others["lattice_deliveries", "due"] == alone["lattice_deliveries", "due"] == 1


def test_metrics_without_a_database_show_everything_else(committed_database, client, settings):
    connection = connections["default"]
    assert isinstance(connection, DatabaseWrapper)
    connection.close()
    connection.close_pool()
    before = dict(connection.settings_dict)
    connection.settings_dict["NAME"] = "a_database_that_is_not_there"
    connection.settings_dict["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 1, "timeout": 0.5}}
    try:
        found = {name for name, *_ in shown(client.get("/metrics").content.decode())}
    finally:
        connection.close()
        connection.close_pool()
        connection.settings_dict.update(before)
    assert "http_requests_in_progress" in found
    assert not found & PROMISED


def test_the_docs_name_every_level(db, settings):
    note_pulse(worker="celery@one")
    told = (settings.BASE_DIR / "docs" / "operator.md").read_text()
    levels = {level.name for level in work_levels()}
    assert levels > PROMISED
    assert [name for name in levels if f"`{name}`" not in told] == []


def test_attempts_that_failed_show_their_age_not_the_time_of_the_next(owed):
    deliveries.claim(10)
    assert shown()["lattice_deliveries_oldest_seconds",] > 0
