"""Subscribers for worker processes of tests, which include this module."""

import os

from django.db import connection

from apps.ledger.deliveries import subscriber
from apps.ledger.models import Event
from apps.ledger.services import record
from tests.activity.bells import BellAnswered


@subscriber("tests.answer_bell")
def answer_bell(event: Event) -> None:
    """Its effect is an event, so doing it twice could be seen."""
    record(BellAnswered(bell=event.payload["bell"]))


@subscriber("tests.crack")
def crack(event: Event) -> None:
    record(BellAnswered(bell=event.payload["bell"]))
    raise RuntimeError(f"The bell {event.payload['bell']} has cracked: secret-4711.")


@subscriber("tests.fall_down_once")
def fall_down_once(event: Event) -> None:
    """Takes the worker's child with it at the first attempt."""
    record(BellAnswered(bell=event.payload["bell"]))
    if event.deliveries.get(subscription="tests.fall_down_once").attempts == 1:
        os.kill(os.getpid(), 9)


@subscriber("tests.tell_connection")
def tell_connection(event: Event) -> None:
    """Which child of the worker did it, over which connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    record(BellAnswered(bell=f"{os.getpid()} {backend}"))
