"""What an event owes to its subscribers is started, and happens once: with real processes."""

import os
import signal
import socket
import time
from logging import getLogger

import pytest
from celery import current_app
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.activity.relay import BATCH, CROWD, LOOK_EVERY, RING_EVERY, Ear, Relay
from apps.activity.selectors.backlog import consuming_workers
from apps.common.ids import uuid7
from apps.ledger.models import Delivery
from tests.activity.bells import answered, ring
from tests.waiting import drained, eventually

BACK_WITHIN = 30.0
"""Seconds after which everything is delivered, once the broker is back."""


def done() -> bool:
    return not Delivery.objects.unfinished().exists()


def hurry() -> None:
    """The time of every retry has come."""
    Delivery.objects.unfinished().update(next_at=timezone.now())


def test_every_event_reaches_its_subscriber_once_whatever_the_number_of_relays(machine, subscribed):
    subscribed("tests.answer_bell")
    machine.worker()
    machine.relay()
    machine.relay()
    bells = ring(uuid7(), times=30)
    eventually(done)
    assert sorted(answered()) == sorted(str(bell) for bell in bells)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_deliveries_are_started_in_the_order_of_the_events(machine, subscribed):
    subscribed("tests.answer_bell")
    bells = ring(uuid7(), times=20)
    machine.worker(children=1)
    machine.relay()
    eventually(done)
    assert answered() == [str(bell) for bell in bells]


def test_no_more_is_started_than_workers_soon_come_to(machine, subscribed):
    """Else what waits in the broker would be started again each time it is due, to wait twice."""
    subscribed("tests.answer_bell")
    worker = machine.worker(children=1)
    eventually(consuming_workers)
    os.killpg(worker.pid, signal.SIGSTOP)
    machine.relay()
    bells = ring(uuid7(), times=CROWD + 2 * BATCH)
    started = Delivery.objects.filter(attempts__gt=0)
    eventually(lambda: started.count() >= CROWD)
    time.sleep(1.0)  # in which it could start the rest
    assert started.count() <= CROWD + BATCH
    os.killpg(worker.pid, signal.SIGCONT)
    eventually(done, within=60)
    assert sorted(answered()) == sorted(str(bell) for bell in bells)


def test_one_that_fails_holds_back_nobody_and_leaves_nothing_but_the_kind_of_its_error(
    machine, subscribed
):
    subscribed("tests.crack", "tests.answer_bell")
    machine.worker(children=1)
    machine.relay()
    bells = ring(uuid7(), times=3)
    cracked = Delivery.objects.filter(subscription="tests.crack")
    eventually(lambda: cracked.exclude(last_error="").count() == 3)
    eventually(lambda: answered() == [str(bell) for bell in bells])
    one = cracked[0]
    assert one.last_error.startswith("RuntimeError at belfry.py:")
    assert (one.attempts, one.done_at, one.parked_at) == (1, None, None)
    assert 0 < (one.next_at - timezone.now()).total_seconds() <= 10

    hurry()
    eventually(lambda: set(cracked.values_list("attempts", flat=True)) == {2})
    assert answered() == [str(bell) for bell in bells]


def test_a_worker_child_that_dies_over_a_delivery_costs_one_attempt(machine, subscribed):
    subscribed("tests.fall_down_once")
    machine.worker()
    machine.relay()
    (bell,) = ring(uuid7())
    eventually(lambda: "SIGKILL" in machine.log("worker") or "signal 9" in machine.log("worker"))
    hurry()
    eventually(done)
    assert answered() == [str(bell)]


@pytest.mark.long
@pytest.mark.parametrize("injury", ["dead", "frozen", "emptied"])
def test_a_broker_that_comes_back_costs_time_and_nothing_else(machine, subscribed, injury):
    subscribed("tests.answer_bell")
    worker = machine.worker()
    machine.relay()
    before = ring(uuid7(), times=5)
    eventually(done)

    redis = machine.redis
    match injury:
        case "dead":
            redis.kill()
        case "frozen":
            redis.signal(signal.SIGSTOP)
        case "emptied":
            worker.send_signal(signal.SIGSTOP)  # so that messages wait in the broker
    during = ring(uuid7(), times=5)
    match injury:
        case "dead":
            eventually(lambda: "relay pauses" in machine.log("relay"))
            redis.start()
        case "frozen":
            eventually(lambda: "relay pauses" in machine.log("relay"))
            redis.signal(signal.SIGCONT)
        case "emptied":
            eventually(lambda: not Delivery.objects.filter(attempts=0).exists())
            with redis.client() as client:
                client.flushall()
            worker.send_signal(signal.SIGCONT)
    drained(Delivery.objects.unfinished().count, stirring=2 * BACK_WITHIN)
    after = ring(uuid7(), times=5)
    drained(Delivery.objects.unfinished().count, stirring=BACK_WITHIN / 2)
    assert sorted(answered()) == sorted(str(bell) for bell in [*before, *during, *after])
    assert worker.poll() is None, "the worker consumes again without a restart"


def test_a_broker_that_was_away_for_long_is_asked_for_as_often_as_at_first():
    waits = []
    with (
        current_app.connection_for_read("redis://127.0.0.1:1") as broker,
        pytest.raises(OperationalError),
    ):
        broker.ensure_connection(
            lambda _, wait: waits.append(wait), max_retries=3, interval_start=0
        )
    assert waits == [0, 0, 0]


@pytest.fixture
def unacknowledged(own_redis):
    """A message of a broker that has died."""
    url = f"redis+socket://{own_redis.socket}"
    broker = current_app.connection_for_read(url, transport_options={"retry_on_timeout": False})
    queue = broker.SimpleQueue("bells")
    queue.put("rung")
    message = queue.get(timeout=20)
    own_redis.kill()
    yield broker, message
    own_redis.start()


def test_a_broker_that_dies_with_a_message_unacknowledged_is_left_in_peace(unacknowledged):
    broker, _ = unacknowledged
    broker.transport.client = None  # as it is once a worker has noticed
    broker.close()


def test_a_message_is_acknowledged_in_vain_once_its_broker_has_died(unacknowledged):
    broker, message = unacknowledged
    broker.collect(socket_timeout=1)  # as a worker does that has noticed
    message.channel._disconnect_pools()
    message.ack_log_error(getLogger("tests"), broker.connection_errors)


def test_who_asks_over_a_connection_of_a_pool_that_is_gone_is_told_so(own_redis):
    """As the watchdog and the relay do, who go on then."""
    url = f"redis+socket://{own_redis.socket}"
    broker = current_app.connection_for_write(url, transport_options={"retry_on_timeout": False})
    with broker.Pool(1).acquire(block=True) as connection:
        channel = connection.default_channel
        connection.transport.client = None  # as it is once somebody has noticed
        channel._disconnect_pools()
        with pytest.raises(connection.connection_errors):
            channel.basic_publish({"body": "", "properties": {"delivery_info": {}}}, "", "bells")


def test_a_worker_that_runs_but_no_longer_consumes_ends_itself(machine):
    worker = machine.worker(WORKER_SILENCE="2")
    eventually(consuming_workers)
    for queue in ("celery", f"celery@{socket.gethostname()}.dq2"):
        control = ("control", "cancel_consumer", queue)
        machine.run("control", "-m", "celery", "-A", "config.celery", *control)
    eventually(lambda: worker.poll() is not None)
    assert "ends itself" in machine.log("worker")


def test_a_commit_wakes_a_waiting_relay_before_its_next_look(committed_database):
    ear = Ear()
    assert not ear.wait(0)  # begins to listen
    ring(uuid7())
    began = time.monotonic()
    assert ear.wait(60)
    ear.close()
    assert time.monotonic() - began < 30


def test_after_a_ring_the_relay_looks_once_more_for_what_came_in_silence(db):
    relay, waits, hears = Relay(sources=[]), [], iter([True, True, False, False])

    class Hearing(Ear):
        def wait(self, seconds):
            waits.append(seconds)
            if len(waits) == 4:
                relay.ended.set()
            return next(hears)

    relay._ear = Hearing()
    relay.run()
    assert waits == [LOOK_EVERY, RING_EVERY, RING_EVERY, LOOK_EVERY]
