"""Waiting for what another process or thread does: never longer than it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def eventually(
    fact: Callable[[], T], within: float = 120.0, what: str = "", every: float = 0.05
) -> T:
    """Ask until it is true, and hand it on; the last answer is shown when it never is."""
    deadline = time.monotonic() + within
    while not (found := fact()):
        assert time.monotonic() < deadline, f"{what or fact}: still {found!r} after {within} s"
        time.sleep(every)
    return found


def drained(owed: Callable[[], int], within: float = 240.0, stirring: float = 60.0) -> None:
    """Ask how much is owed until it is nothing. A slow machine may take long over much; what does
    not dwindle for `stirring` seconds is stuck."""
    began = moved = time.monotonic()
    least = first = owed()
    while least:
        now = time.monotonic()
        assert now < min(moved + stirring, began + within), (
            f"first {first} were owed, then {least} for {now - moved:.0f} s of {now - began:.0f} s"
        )
        time.sleep(0.05)
        if (left := owed()) < least:
            least, moved = left, now


def lock_waiters() -> int:
    """Of other connections to this database. PostgreSQL keeps what a transaction saw of them at
    first, unless it is told to look again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_clear_snapshot(), pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])
