"""One process at a time keeps a folder: whoever comes second is told who does."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

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
            is_mine = _said_of(self.mirror, "pg_try_advisory_lock", cursor)
        if not is_mine:
            self.mirror.refresh_from_db(fields=["keeper"])
            raise _kept_by(self.mirror)
        self._held_by = backend
        self.mirror.keeper = f"Process {os.getpid()} on {socket.gethostname()}"[:120]
        self.mirror.save(update_fields=["keeper", "folder"])

    def take_over(self) -> None:
        """What was kept in this folder for other workspaces. Raises KeptAlready where it still
        is."""
        others = Mirror.objects.filter(folder=self.mirror.folder).exclude(id=self.mirror.id)
        with transaction.atomic(), connection.cursor() as cursor:
            for other in others:
                if not _said_of(other, "pg_try_advisory_xact_lock", cursor):
                    raise _kept_by(other)
                other.delete()

    def release(self) -> None:
        if self._held_by and connection.is_usable():
            with connection.cursor() as cursor:
                _said_of(self.mirror, "pg_advisory_unlock", cursor)
        self._held_by = 0


def _said_of(mirror: Mirror, function: str, cursor: CursorWrapper) -> bool:
    cursor.execute(f"SELECT {function}(hashtextextended(%s, 0))", [f"mirror {mirror.id}"])
    [is_so] = cursor.fetchone()
    return bool(is_so)


def _kept_by(mirror: Mirror) -> KeptAlready:
    return KeptAlready(f"{mirror.keeper or 'Another process'} keeps this folder.")


@contextmanager
def keeping(mirror: Mirror, *, moves: bool = False) -> Iterator[Keeper]:
    keeper = Keeper(mirror)
    keeper.hold()
    try:
        if moves:
            keeper.take_over()
        yield keeper
    finally:
        keeper.release()
