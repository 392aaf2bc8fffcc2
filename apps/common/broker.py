"""How Celery comes back to a broker that was away: soon, however long that was."""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection


class PromptConnection(Connection):
    def ensure_connection(self, *args: Any, **options: Any) -> Connection:  # type: ignore[override]
        """Celery would wait longer each time, up to half a minute."""
        return super().ensure_connection(*args, **{"interval_step": 0, **options})


class PromptAMQP(AMQP):
    Connection = PromptConnection
