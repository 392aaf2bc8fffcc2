"""The Celery application. Work is rows in PostgreSQL; Celery only wakes those who do it."""

import os
from functools import cached_property
from typing import Any

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before anybody connects: kombu remembers what it once found, and makes connections of its own.
TRANSPORT_ALIASES |= dict.fromkeys(("redis", "rediss"), "apps.common.broker:PromptTransport")


class Application(Celery):
    @cached_property
    def Beat(self) -> Any:
        return self.subclass_with_self("apps.common.beat:Beat")  # type: ignore[arg-type]


app = Application(
    "lattice",
    task_cls="apps.ledger.stopping:StoppableTask",
    amqp="apps.common.broker:PromptAMQP",
    fixups=["apps.common.worker_pool:fixup"],
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("apps.activity.watchdog:Watchdog")
