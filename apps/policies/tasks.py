"""Celery's door: files are looked at and old acts forgotten by the clock."""

import time

from celery import shared_task

from apps.common.actors import SYSTEM
from apps.ledger.deliveries import subscriber
from apps.ledger.models import Event
from apps.policies.services import acts, following

STINT = 60.0
"""Seconds after which no further batch is begun."""


@shared_task(name="policies.reload_changed_files")
def reload_changed_files() -> None:
    following.reload_changed_files()


@shared_task(name="policies.forget_old_acts")
def forget_old_acts() -> None:
    ends = time.monotonic() + STINT
    while time.monotonic() < ends and acts.forget_old_acts() == acts.BATCH:
        pass


@subscriber("policies.forget_acts")
def forget_acts(event: Event) -> None:
    acts.forget_acts(workspace=event.workspace_id, actor=SYSTEM)
