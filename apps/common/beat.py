"""A beat that is told to end ends, whatever it was at just then."""

from celery import platforms
from celery.apps import beat
from celery.beat import Service


class Beat(beat.Beat):
    def install_sync_handler(self, service: Service) -> None:  # noqa: ARG002
        """Celery's writes the schedule there and then: were an answer of the database awaited just
        then, it would wait for ever for the lock of their connection. At its end the service writes
        it anyway."""

        def end(*_: object) -> None:
            raise SystemExit

        platforms.signals.update(SIGTERM=end, SIGINT=end)
