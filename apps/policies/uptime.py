"""Since when this process is up."""

import time

from django.utils import timezone

STARTED = timezone.now()
_began = time.monotonic()


def uptime() -> float:
    """In seconds."""
    return round(time.monotonic() - _began, 3)
