"""How Celery comes back to a broker that was away: soon, however long that was, and whatever it had
not acknowledged."""

from typing import Any

from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import redis


class PromptChannel(redis.Channel):
    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        """A message that is acknowledged through a connection that is gone meets the error that
        Celery outlives. What it is about stands in PostgreSQL, and is started again when it is
        due."""
        if self.connection is None or self.connection.client is None:
            raise ConnectionResetError("The broker was away, and this connection is over.")
        found: dict[str, Any] = super()._connparams(asynchronous)  # type: ignore[misc]
        return found


class PromptTransport(redis.Transport):
    Channel = PromptChannel


class PromptConnection(Connection):
    def ensure_connection(self, *args: Any, **options: Any) -> Connection:  # type: ignore[override]
        """Celery would wait longer each time, up to half a minute."""
        return super().ensure_connection(*args, **{"interval_step": 0, **options})


class PromptAMQP(AMQP):
    Connection = PromptConnection
