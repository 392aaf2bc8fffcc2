"""The Celery application. Work is rows in PostgreSQL; Celery only wakes those who do it."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery(
    "lattice",
    task_cls="apps.ledger.stopping:StoppableTask",
    amqp="apps.common.broker:PromptAMQP",
    fixups=["apps.common.worker_pool:fixup"],
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add("apps.activity.watchdog:Watchdog")
