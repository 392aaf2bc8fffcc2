"""The relay starts what is due: deliveries to subscribers, the sending of webhooks, and whatever
else higher rooms have in `ports.sources`.

PostgreSQL is the truth. The relay looks at it every second, sooner when it is poked, and tells the
broker ids. What the broker forgets, or a worker dies over, is started again when its time has come.
It starts nothing while no worker consumes (what waits in a broker is lost with it, what waits here
is not), no more than workers soon come to, nor what a kill switch stops. Any number of relays may
run: they pass over the rows another one holds.
"""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any
from uuid import UUID

import psycopg
import structlog
from celery import current_app
from django.db import InterfaceError, OperationalError, connection
from kombu import Producer
from kombu.exceptions import OperationalError as BrokerError

from apps.activity.ports import Source, sources
from apps.activity.selectors.backlog import consuming_workers
from apps.ledger import deliveries
from apps.ledger.switch import is_on

log = structlog.get_logger("lattice.relay")

CHANNEL = "lattice_relay"
"""On which PostgreSQL tells relays not to wait for their next look."""
BATCH = 100
LOOK_EVERY = 1.0
RING_EVERY = 0.05
CROWD = 50
"""So many tasks in a queue are enough: what still waits when it is due again is sent twice."""
PAUSE = 2.0
"""After the broker or the database failed, and at most how late the relay sees that it is back."""


class Relay:
    def __init__(self, sources: Sequence[Source] = sources) -> None:
        self.ended = threading.Event()
        self._sources = sources
        self._ear = Ear()
        self._crowded: list[str] = []

    def run(self) -> None:
        """Until `ended` is set."""
        current_app.loader.import_default_modules()  # whose tasks have names that somebody knows
        log.info("relay runs")
        rung = False
        while not self.ended.is_set():
            try:
                started = self.turn()
            except (OperationalError, InterfaceError, BrokerError) as error:
                log.warning("relay pauses", reason=type(error).__name__)
                connection.close()
                self.ended.wait(PAUSE * random.uniform(0.5, 1.0))  # noqa: S311
            else:
                if not started:
                    rung = self._ear.wait(RING_EVERY if rung or self._crowded else LOOK_EVERY)
        self._ear.close()

    def turn(self) -> int:
        """Start what is due, and say how much that was."""
        if is_on() or not consuming_workers():
            return 0
        self._crowded = crowded_tasks()
        owed = Source(partial(deliveries.claim, crowded=self._crowded), deliveries.give_back)
        others = [source for source in self._sources if source.task not in self._crowded]
        return sum(self._start(source) for source in [owed, *others])

    def _start(self, source: Source) -> int:
        starts = source.claim(BATCH)
        if not starts:
            return 0
        with current_app.producer_or_acquire() as producer:
            for index, start in enumerate(starts):
                try:
                    current_app.send_task(start.task, args=[start.id], producer=producer)
                except BrokerError:
                    source.give_back(starts[index:])
                    raise
        return len(starts)


def crowded_tasks() -> list[str]:
    """Those in whose queue enough is waiting."""
    with current_app.producer_or_acquire() as producer:
        count = producer.connection.ensure(producer, waiting_in, max_retries=1)
        full = [name for name in current_app.amqp.queues if count(producer, name) >= CROWD]
    return [task for task in current_app.tasks if queue_of(task) in full] if full else []


def waiting_in(producer: Producer, queue: str) -> int:
    channel: Any = producer.channel
    found: int = channel.queue_declare(queue).message_count
    return found


@cache
def queue_of(task: str) -> str:
    name: str = current_app.amqp.router.route({}, task)["queue"].name
    return name


class Bell:
    """The ledger's poke. After the commit: a NOTIFY inside it makes commits wait for each other.

    It costs a round trip, so a burst rings once. For what came after the ring, the relay looks once
    more when that silence is over.
    """

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def __call__(self, _: Mapping[UUID, int]) -> None:
        if time.monotonic() < self._quiet_until:
            return
        self._quiet_until = time.monotonic() + RING_EVERY
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")


wake_relays = Bell()


class Ear:
    """Hears pokes from PostgreSQL. Deaf (the database away, a pooler between), it only waits."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None

    def wait(self, seconds: float) -> bool:
        """Whether it was poked."""
        try:
            if self._connection is None:
                self._listen()
                return False
            return bool(list(self._connection.notifies(timeout=seconds, stop_after=1)))
        except psycopg.Error:
            self.close()
            threading.Event().wait(seconds)
            return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self) -> None:
        """Whoever listens from now on has to look once more before waiting."""
        self._connection = psycopg.connect(**connection.get_connection_params(), autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")
