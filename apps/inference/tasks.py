"""Celery's door: old uses are summed up by the clock."""

import time

from celery import shared_task

from apps.inference.services import keeping

STINT = 60.0
"""Seconds after which no further batch is begun."""


@shared_task(name="inference.keep_uses")
def keep_uses() -> None:
    keeping.give_up_lost_uses()
    ends = time.monotonic() + STINT
    while time.monotonic() < ends and keeping.sum_up_old_uses() == keeping.BATCH:
        pass
