"""Celery's door."""

from celery import shared_task

from apps.activity.services.pulses import note_pulse
from apps.activity.watchdog import PULSE


@shared_task(name=PULSE)
def pulse(worker: str) -> None:
    note_pulse(worker=worker)
