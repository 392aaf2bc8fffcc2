"""The pulses of the workers: not units of work, because nobody asks later who felt one."""

from datetime import timedelta

from django.utils import timezone

from apps.activity.models import WorkerPulse

FORGOTTEN_AFTER = timedelta(days=1)


def note_pulse(*, worker: str) -> None:
    now = timezone.now()
    WorkerPulse.objects.update_or_create(worker=worker, defaults={"at": now})
    WorkerPulse.objects.filter(at__lt=now - FORGOTTEN_AFTER).delete()
