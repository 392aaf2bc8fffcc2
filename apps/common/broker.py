"""How Celery comes back to a broker that was away: soon, however long that was."""

from contextlib import suppress
from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection


class PromptConnection(Connection):
    def ensure_connection(self, *args: Any, **options: Any) -> Connection:  # type: ignore[override]
        """Celery would wait longer each time, up to half a minute."""
        return super().ensure_connection(*args, **{"interval_step": 0, **options})

    def maybe_close_channel(self, channel: Any) -> None:
        """Messages that were not acknowledged when the broker died are put back through a
        connection that is gone by then, and the worker would end of that. What they are about
        stands in PostgreSQL, and is started again when it is due."""
        with suppress(AttributeError):
            super().maybe_close_channel(channel)


class PromptAMQP(AMQP):
    Connection = PromptConnection
