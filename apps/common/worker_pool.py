"""A worker's child keeps its pool of database connections from task to task, and starts without the
checks, whose findings Celery drops: the web process looks at them.

Celery closes the pool around every task, because a pool does not survive a fork. Here it is closed
where that matters: before children are forked, and in each as it starts.
"""

from typing import Any

from celery import Celery
from celery.fixups import django


class KeptPool(django.DjangoWorkerFixup):  # type: ignore[name-defined,misc]
    def install(self) -> "KeptPool":
        super().install()
        self._close_database()
        return self

    def validate_models(self) -> None:
        self.django_setup()

    def close_database(self, **_: Any) -> None:
        """Around each task connections go back to the pool, which tries them before it hands them
        out again."""
        for connection in self._db.connections.all(initialized_only=True):
            connection.close()


class Fixup(django.DjangoFixup):
    _kept: KeptPool | None = None

    @property
    def worker_fixup(self) -> KeptPool:
        """Made when a worker asks: it reads the settings, which are not there before."""
        if self._kept is None:
            self._kept = KeptPool(self.app)
        return self._kept


def fixup(app: Celery) -> Fixup:
    made = Fixup(app)
    made.install()
    return made
