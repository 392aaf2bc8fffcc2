"""How a delivery is claimed, parked and replayed."""

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from itertools import pairwise

import psycopg
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.activity import relay
from apps.activity.ports import Source
from apps.activity.relay import Relay
from apps.activity.services.pulses import note_pulse
from apps.activity.tasks import forget_old_messages
from apps.common import batches
from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger import deliveries
from apps.ledger.events import DeliveriesReplayed
from apps.ledger.models import Delivery, Event
from apps.ledger.tasks import forget_done_deliveries
from tests.activity.belfry import answer_bell, crack
from tests.activity.bells import answered, ring


@pytest.fixture
def owed(db, subscribed) -> Delivery:
    subscribed("tests.answer_bell")
    ring(uuid7())
    return Delivery.objects.get()


def park(delivery: Delivery) -> None:
    delivery.attempts = deliveries.MAX_ATTEMPTS + deliveries.LOST
    delivery.parked_at = timezone.now()
    delivery.save()


def test_a_claim_counts_the_attempt_and_plans_the_next_within_ten_seconds(owed):
    asked = timezone.now()
    (start,) = deliveries.claim(10)
    assert (start.task, start.id) == ("tests.answer_bell", owed.pk)
    owed.refresh_from_db()
    assert owed.attempts == 1
    assert asked + timedelta(seconds=7) < owed.next_at <= timezone.now() + timedelta(seconds=10)
    assert deliveries.claim(10) == []


def test_what_no_broker_took_was_not_an_attempt(owed):
    deliveries.give_back(deliveries.claim(10))
    owed.refresh_from_db()
    assert owed.attempts == 0
    assert len(deliveries.claim(10)) == 1


def test_waits_double_and_end_after_three_days():
    waits = [deliveries.wait_after(n + 1).total_seconds() for n in range(deliveries.MAX_ATTEMPTS)]
    assert waits[0] <= 10
    assert all(later > 1.5 * sooner for sooner, later in pairwise(waits[:13]))
    assert 0.8 * 3 * 86_400 * 0.98 <= sum(waits) <= 3 * 86_400


def test_what_is_not_heard_of_is_soon_started_again_and_then_ever_later(owed):
    waits = []
    for _ in range(deliveries.LOST + 3):
        assert len(deliveries.claim(10)) == 1
        owed.refresh_from_db()
        waits.append((owed.next_at - timezone.now()).total_seconds())
        Delivery.objects.update(next_at=timezone.now())
    assert all(7 < wait <= 10 for wait in waits[: deliveries.LOST + 1])
    assert waits[-2] > 14
    assert waits[-1] > 28


def test_one_that_was_tried_too_often_is_parked_and_not_started(owed):
    Delivery.objects.update(attempts=deliveries.MAX_ATTEMPTS + deliveries.LOST)
    assert deliveries.claim(10) == []
    owed.refresh_from_db()
    assert owed.parked_at is not None


@pytest.fixture
def orphaned(db, subscribed) -> Delivery:
    """A delivery whose subscription was removed from the code."""
    subscribed("tests.nobody_does_this")
    ring(uuid7())
    return Delivery.objects.get()


def test_what_nobody_knows_how_to_do_is_parked_at_its_next_turn_and_says_what_to_do(orphaned):
    with in_minutes(6):
        assert deliveries.claim(10) == []
    orphaned.refresh_from_db()
    assert (orphaned.attempts, orphaned.parked_at is None) == (0, False)
    assert "No task has this name" in orphaned.last_error
    assert "Replay it once" in orphaned.last_error
    code, found = command("--parked")
    assert (code, found["deliveries"][0]["last_error"]) == (3, orphaned.last_error)

    deliveries.replay(parked=Delivery.objects.all(), actor=SYSTEM)
    with in_minutes(6):
        assert deliveries.claim(10) == []
    assert Delivery.objects.parked().count() == 1


def test_while_a_release_is_rolled_out_a_task_this_process_does_not_know_is_started(orphaned):
    (start,) = deliveries.claim(10)
    assert start.task == "tests.nobody_does_this"
    orphaned.refresh_from_db()
    assert (orphaned.attempts, orphaned.parked_at) == (1, None)
    assert "No task has this name" in orphaned.last_error


def test_what_somebody_knows_is_not_parked_for_its_age(owed):
    with in_minutes(6):
        assert len(deliveries.claim(10)) == 1
    owed.refresh_from_db()
    assert (owed.parked_at, owed.last_error) == (None, "")


def in_minutes(minutes):
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes))


def test_the_last_failure_parks_at_once(db, subscribed):
    subscribed("tests.crack")
    ring(uuid7())
    Delivery.objects.update(attempts=deliveries.MAX_ATTEMPTS + deliveries.LOST)
    with pytest.raises(RuntimeError):
        crack(Delivery.objects.get().pk)
    assert Delivery.objects.get().parked_at is not None
    assert answered() == []


def test_a_delivery_that_is_done_or_parked_is_not_done_again(owed):
    answer_bell(owed.pk)
    answer_bell(owed.pk)
    assert len(answered()) == 1
    Delivery.objects.update(done_at=None, parked_at=timezone.now())
    answer_bell(owed.pk)
    assert len(answered()) == 1


@pytest.fixture
def impatient(committed_database):
    """Who waits for a row does not wait for ever."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


@pytest.mark.usefixtures("impatient")
def test_a_delivery_somebody_is_doing_is_left_to_them(committed_database, subscribed):
    subscribed("tests.answer_bell")
    ring(uuid7())
    with psycopg.connect(committed_database) as neighbour:
        neighbour.execute("SELECT FROM ledger_delivery FOR UPDATE")
        assert deliveries.claim(10) == []
        answer_bell(Delivery.objects.get().pk)
        assert answered() == []
    answer_bell(Delivery.objects.get().pk)
    assert len(answered()) == 1


def test_nothing_is_started_while_no_worker_consumes(owed):
    one = Relay()
    assert one.turn() == 0
    owed.refresh_from_db()
    assert owed.attempts == 0
    note_pulse(worker="w1")
    assert one.turn() == 1


def test_of_a_task_of_which_enough_waits_for_workers_nothing_is_claimed(db, monkeypatch):
    note_pulse(worker="w1")
    monkeypatch.setattr(relay, "crowded_tasks", lambda: ["tests.much"])
    starts = [deliveries.Start("tests.answer_bell", 0)]
    little = Source(claim=lambda _: starts, give_back=print, task="tests.answer_bell")
    assert Relay(sources=[replace(little, task="tests.much")]).turn() == 0
    assert Relay(sources=[little]).turn() == 1


def test_replay_starts_all_attempts_again_and_is_recorded(owed):
    park(owed)
    assert deliveries.replay(parked=Delivery.objects.all(), actor=SYSTEM) == 1
    owed.refresh_from_db()
    assert (owed.attempts, owed.parked_at) == (0, None)
    recorded = Event.objects.get(type=DeliveriesReplayed.type)
    assert recorded.workspace_id == owed.event.workspace_id
    assert recorded.payload == {"counts": {"tests.answer_bell": 1}}
    assert len(deliveries.claim(10)) == 1


def test_replaying_what_is_not_parked_does_nothing(owed):
    assert deliveries.replay(parked=Delivery.objects.all(), actor=SYSTEM) == 0
    assert not Event.objects.filter(type=DeliveriesReplayed.type).exists()


def command(*words: str) -> tuple[int, dict]:
    out = StringIO()
    try:
        call_command("deliveries", *words, "--json", stdout=out)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue() or "{}")
    return 0, json.loads(out.getvalue())


def test_the_command_lists_what_is_owed_and_says_with_3_that_something_is_parked(owed):
    code, found = command()
    assert (code, found["open"], found["parked"]) == (0, 1, 0)
    assert found["deliveries"][0]["subscription"] == "tests.answer_bell"
    assert command("--parked")[1]["deliveries"] == []
    park(owed)
    code, found = command("--parked")
    assert (code, found["parked"], found["deliveries"][0]["id"]) == (3, 1, owed.pk)


def test_the_command_replays_one_or_all_and_can_only_say_so(owed):
    park(owed)
    assert command("--replay", str(owed.pk), "--dry-run") == (0, {"replayed": 0, "of": 1})
    assert Delivery.objects.parked().count() == 1
    assert command("--replay", str(owed.pk)) == (0, {"replayed": 1, "of": 1})
    assert command("--replay", str(owed.pk))[0] == 2
    assert command("--replay-all") == (0, {"replayed": 0, "of": 0})


@pytest.fixture
def three(db, subscribed):
    """One done, one that waits, one parked."""
    subscribed("tests.answer_bell")
    ring(uuid7(), times=3)
    done, waiting, parked = Delivery.objects.order_by("id")
    done.done_at = timezone.now()
    done.save()
    park(parked)
    return done, waiting, parked


def in_days(days):
    return time_machine.travel(timezone.now() + timedelta(days=days))


def test_what_is_done_is_forgotten_after_a_while_and_nothing_else(three, settings):
    _, waiting, parked = three
    events = Event.objects.count()
    settings.DELIVERY_LOG_DAYS = 7
    with in_days(6.9):
        assert deliveries.forget_done() == 0
    with in_days(7.1):
        forget_done_deliveries()
    assert set(Delivery.objects.all()) == {waiting, parked}
    assert Event.objects.count() == events


def test_what_was_done_lately_stays_however_old_its_event_is(three, settings):
    done, *_ = three
    with in_days(60):
        Delivery.objects.filter(pk=done.pk).update(done_at=timezone.now())
        assert deliveries.forget_done() == 0


def test_more_than_one_batch_is_forgotten(db, subscribed, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 2)
    subscribed("tests.answer_bell")
    ring(uuid7(), times=5)
    Delivery.objects.update(done_at=timezone.now())
    with in_days(31):
        assert deliveries.forget_done() == 5
    assert not Delivery.objects.exists()


def test_a_task_that_comes_for_a_forgotten_delivery_does_nothing(db):
    answer_bell(4711)
    assert answered() == []


def test_the_clock_asks_for_it(settings):
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {forget_done_deliveries.name, forget_old_messages.name} <= asked
