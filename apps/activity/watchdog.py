"""Notices from within a worker that it runs but no longer consumes, and ends it.

Every few seconds the worker sends itself a task through the broker, to a queue that only it reads.
When the broker takes that task but the worker, though it has room, never gets it, something between
them is stuck that no reconnect has healed: it leaves, and whoever supervises it starts a new one.
The task's effect, a row, tells the relay, the metrics and the doctor the same.
"""

import logging
import os
import signal
import threading
import time
from typing import Any

from celery import bootsteps
from celery.signals import task_received
from celery.utils.nodenames import worker_direct
from celery.worker import state
from celery.worker.request import Request
from django.conf import settings
from kombu.exceptions import OperationalError

log = logging.getLogger("lattice.watchdog")

EVERY = 5.0
GRACE = 10.0
PULSE = "activity.pulse"


class Watchdog(bootsteps.StartStopStep):
    requires = ("celery.worker.components:Pool",)

    def __init__(self, *_: Any, **__: Any) -> None:
        self.ended = threading.Event()
        self.heard = 0.0

    def start(self, worker: Any) -> None:
        self.heard = time.monotonic()
        task_received.connect(self._hear, weak=False)
        threading.Thread(target=self._watch, args=[worker], name="watchdog", daemon=True).start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        self.ended.set()

    def terminate(self, parent: Any) -> None:
        self.stop(parent)

    def _hear(self, request: Request, **_: Any) -> None:
        if request.name == PULSE:
            self.heard = time.monotonic()

    def _watch(self, worker: Any) -> None:
        ended = False
        while not ended:
            busy = len(state.reserved_requests) >= worker.concurrency
            if not self._ask(worker) or busy:
                self.heard = time.monotonic()  # nothing can be concluded
            elif time.monotonic() - self.heard > settings.WORKER_SILENCE:
                self._leave()
            ended = self.ended.wait(min(EVERY, settings.WORKER_SILENCE / 3))

    def _ask(self, worker: Any) -> bool:
        """Send the task. To the queue itself: the bindings of an exchange would be lost with its
        broker."""
        try:
            worker.app.send_task(
                PULSE,
                args=[worker.hostname],
                queue=worker_direct(worker.hostname),
                expires=settings.WORKER_SILENCE,
            )
        except OperationalError:
            return False
        return True

    def _leave(self) -> None:
        log.critical("The broker answers but nothing is consumed: this worker ends itself.")
        os.kill(os.getpid(), signal.SIGTERM)
        if not self.ended.wait(GRACE):
            os.kill(os.getpid(), signal.SIGKILL)
