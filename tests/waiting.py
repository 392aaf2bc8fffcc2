"""Waiting for what another process or thread does: never longer than it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(fact: Callable[[], T], within: float = 60.0, what: str = "") -> T:
    """Ask until it is true, and hand it on; the last answer is shown when it never is."""
    deadline = time.monotonic() + within
    while not (found := fact()):
        assert time.monotonic() < deadline, f"{what or fact}: still {found!r} after {within} s"
        time.sleep(0.05)
    return found
