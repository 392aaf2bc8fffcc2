"""Deliveries of much work, of which each part is done by itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.common.ids import uuid7
from apps.ledger.deliveries import piecemeal
from apps.ledger.models import Delivery
from tests.activity.bells import ring

PARTS: dict[str, Callable[[Any], Any]] = {}
"""How `tests.toll` finds them (`of`), and does one (`do`)."""


@piecemeal("tests.toll", lambda event: PARTS["of"](event))
def toll(event, part):
    PARTS["do"](part)


@pytest.fixture
def owed(db, subscribed) -> Delivery:
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


def test_whose_parts_cannot_be_told_is_noted_as_one_that_failed(owed):
    PARTS.update(of=lambda event: [event.payload["bells"]], do=print)
    with pytest.raises(KeyError):
        toll(owed.pk)
    assert Delivery.objects.get().last_error.startswith("KeyError")
