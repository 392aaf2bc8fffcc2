"""One process at a time keeps a folder: whoever comes second is told who does."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from apps.mirror.errors import KeptAlready
from apps.mirror.models import Mirror


class Keeper:
    """Holds a lock of the database's, which ends with its connection."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror, self._held_by = mirror, 0

    def hold(self) -> None:
        """Also where the connection is another one by now. Raises KeptAlready."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [backend] = cursor.fetchone()
            if backend == self._held_by:
                return
            cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [self._name])
            [is_mine] = cursor.fetchone()
        if not is_mine:
            self.mirror.refresh_from_db(fields=["keeper"])
            raise KeptAlready(f"{self.mirror.keeper or 'Another process'} keeps this folder.")
        self._held_by = backend
        self.mirror.keeper = f"Process {os.getpid()} on {socket.gethostname()}"[:120]
        self.mirror.save(update_fields=["keeper", "folder"])

    def release(self) -> None:
        if self._held_by and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [self._name])
        self._held_by = 0

    @property
    def _name(self) -> str:
        return f"mirror {self.mirror.id}"


@contextmanager
def keeping(mirror: Mirror) -> Iterator[Keeper]:
    keeper = Keeper(mirror)
    keeper.hold()
    try:
        yield keeper
    finally:
        keeper.release()
