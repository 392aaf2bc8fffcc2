"""Identifiers: time-ordered, so that indexes stay dense and lists sort by age."""

import os
import time
import uuid
from datetime import datetime


def first_id_at(moment: datetime) -> uuid.UUID:
    """No id that was made at this moment or later is smaller: for asking an index about time."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)


def uuid7() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, 12 of a fraction of one, so that a
    process's ids sort in the order they were made, and 62 random bits."""
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = (nanoseconds << 12) // 1_000_000
    chance = int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | chance)
