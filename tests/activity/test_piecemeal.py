"""Deliveries of much work, of which each part is done by itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection, connections
from django.utils import timezone

from apps.common.errors import Unavailable
from apps.common.ids import uuid7
from apps.ledger import deliveries
from apps.ledger.deliveries import piecemeal
from apps.ledger.models import Delivery
from tests.activity.bells import ring

PARTS: dict[str, Callable[[Any], Any]] = {}
"""How `tests.toll` finds them (`of`), and does one (`do`)."""


@piecemeal("tests.toll", lambda event: PARTS["of"](event))
def toll(event, part):
    PARTS["do"](part)


def dies(_):
    raise SystemExit


@pytest.fixture
def owed(db, subscribed) -> Delivery:
    return a_delivery(subscribed)


@pytest.fixture
def committed(committed_database, subscribed) -> Delivery:
    return a_delivery(subscribed)


def a_delivery(subscribed) -> Delivery:
    subscribed("tests.toll")
    ring(uuid7())
    Delivery.objects.update(next_at=timezone.now() + timedelta(seconds=8))
    return Delivery.objects.get()


def test_it_is_not_due_while_somebody_is_at_work(owed):
    """However long all of it takes."""
    left = []

    def do(seconds):
        owed.refresh_from_db()
        left.append((owed.next_at - timezone.now()).total_seconds() - seconds)
        clock.shift(seconds)

    PARTS.update(of=lambda _: [4] * 9, do=do)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        toll(owed.pk)
    assert len(left) == 9
    assert min(left) > 0
    owed.refresh_from_db()
    assert owed.done_at is not None


def test_one_that_fails_is_tried_again_when_it_was_to_be(owed):
    def do(seconds):
        clock.shift(seconds)
        if seconds == 5:
            raise RuntimeError

    PARTS.update(of=lambda _: [4, 5, 4], do=do)
    with time_machine.travel(timezone.now(), tick=False) as clock, pytest.raises(RuntimeError):
        toll(owed.pk)
    found = Delivery.objects.get()
    assert (found.done_at, found.next_at) == (None, owed.next_at)
    assert found.last_error.startswith("RuntimeError")


def test_what_is_not_there_for_one_is_not_waited_for_by_the_others(owed):
    asked = []

    def ask(part):
        asked.append(part)
        raise Unavailable

    PARTS.update(of=lambda _: [1, 2, 3], do=ask)
    with pytest.raises(Unavailable):
        toll(owed.pk)
    assert asked == [1]


def test_whose_parts_cannot_be_told_is_noted_as_one_that_failed(owed):
    PARTS.update(of=lambda event: [event.payload["bells"]], do=print)
    with pytest.raises(KeyError):
        toll(owed.pk)
    assert Delivery.objects.get().last_error.startswith("KeyError")


def test_of_two_that_waited_in_the_broker_one_does_it(committed_database, subscribed):
    subscribed("tests.toll")
    ring(uuid7())
    [delivery] = Delivery.objects.values_list("pk", flat=True)
    is_at_work, may_go_on, done = Event(), Event(), []

    def do(part):
        done.append(part)
        is_at_work.set()
        may_go_on.wait(20)

    def first():
        try:
            toll(delivery)
        finally:
            connections.close_all()

    PARTS.update(of=lambda _: [1, 2], do=do)
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(first)
        try:
            assert is_at_work.wait(60)
            toll(delivery)
            assert done == [1]
        finally:
            may_go_on.set()
        begun.result()
    assert done == [1, 2]
    assert Delivery.objects.get().done_at is not None


def test_what_somebody_died_over_is_done_once_it_is_due_again(owed):
    done: list[int] = []

    PARTS.update(of=lambda _: [1], do=dies)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        with pytest.raises(SystemExit):
            toll(owed.pk)
        PARTS.update(do=done.append)
        toll(owed.pk)
        assert done == []
        owed.refresh_from_db()
        clock.move_to(owed.next_at)
        toll(owed.pk)
    assert done == [1]


def test_what_failed_can_be_begun_at_once(owed):
    def fail(_):
        raise RuntimeError

    PARTS.update(of=lambda _: [1], do=fail)
    with pytest.raises(RuntimeError):
        toll(owed.pk)
    done: list[int] = []
    PARTS.update(do=done.append)
    toll(owed.pk)
    assert done == [1]


@pytest.mark.parametrize(
    ("parts", "ends"), [([1], pytest.raises(RuntimeError)), ([1, 2], nullcontext())]
)
def test_who_was_too_slow_leaves_it_to_who_has_it_by_now(owed, parts, ends):
    """They do no more parts, call nothing done, and let go of nothing."""
    done = []

    def overstay(part):
        done.append(part)
        owed.refresh_from_db()
        clock.move_to(owed.next_at)
        PARTS.update(do=dies)
        with pytest.raises(SystemExit):
            toll(owed.pk)
        owed.refresh_from_db()
        PARTS.update(do=done.append)
        if len(parts) == 1:
            raise RuntimeError

    PARTS.update(of=lambda _: parts, do=overstay)
    with time_machine.travel(timezone.now(), tick=False) as clock, ends:
        toll(owed.pk)
    found = Delivery.objects.get()
    assert (found.held_until, found.next_at) == (owed.held_until, owed.next_at)
    assert (done, found.done_at) == ([1], None)


@pytest.fixture
def read(monkeypatch):
    """Somebody has read it, and goes on later: from now on it is read as it was."""
    return lambda stale: monkeypatch.setattr(deliveries._open, "first", lambda **_: stale)


def test_who_was_never_told_whether_they_have_it_leaves_it_to_who_has(committed, read):
    def refuse_to_take(execute, sql, *told):
        if sql.startswith("UPDATE") and not refused:
            refused.append(sql)
            raise OperationalError
        return execute(sql, *told)

    refused: list[str] = []
    PARTS.update(of=lambda _: [1], do=dies)
    stale = Delivery.objects.select_related("event").get()
    with pytest.raises(SystemExit):
        toll(committed.pk)
    committed.refresh_from_db()
    read(stale)
    with connection.execute_wrapper(refuse_to_take), pytest.raises(OperationalError):
        toll(committed.pk)
    found = Delivery.objects.get()
    assert (found.held_until, found.next_at) == (committed.held_until, committed.next_at)


def test_who_read_it_while_somebody_had_it_does_not_know_when_it_is_due(owed, read):
    done: list[int] = []

    def fail(_):
        stale.append(Delivery.objects.select_related("event").get())
        raise RuntimeError

    stale: list[Delivery] = []
    PARTS.update(of=lambda _: [1], do=fail)
    with pytest.raises(RuntimeError):
        toll(owed.pk)
    read(*stale)
    PARTS.update(do=done.append)
    toll(owed.pk)
    assert done == []
    assert Delivery.objects.get().next_at == owed.next_at


def cut_off():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def cut_off_unnoticed():
    with suppress(OperationalError):
        cut_off()


@pytest.mark.parametrize("cut", [cut_off, cut_off_unnoticed])
def test_who_lost_the_database_over_it_holds_it_no_longer_than_that(committed, cut):
    """It fails in a part, or when that is to be noted."""
    PARTS.update(of=lambda _: [1], do=lambda _: cut())
    with pytest.raises(OperationalError):
        toll(committed.pk)
    found = Delivery.objects.get()
    assert (found.held_until, found.next_at) == (None, committed.next_at)


def test_whose_hold_was_not_confirmed_does_not_hold_it(committed):

    def lose_first_answer(execute, sql, params, many, context):
        answer = execute(sql, params, many, context)
        if sql.startswith("UPDATE") and not lost:
            lost.append(sql)
            cut_off()
        return answer

    lost: list[str] = []
    with connection.execute_wrapper(lose_first_answer), pytest.raises(OperationalError):
        toll(committed.pk)
    found = Delivery.objects.get()
    assert (found.held_until, found.next_at) == (None, committed.next_at)
