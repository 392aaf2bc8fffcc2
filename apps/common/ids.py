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
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, 74 random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)
