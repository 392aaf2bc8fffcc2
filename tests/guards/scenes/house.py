"""What somebody holds, and who comes along."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any, TypeAlias, TypeVar

from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from apps.accounts.choices import Role
from apps.common.actors import SYSTEM
from apps.ledger.services import unit
from tests.factories import WorkspaceFactory, member
from tests.guards.rows import put

LONG_AGO = timezone.now() - timedelta(days=900)
Work = Callable[[], object]
H = TypeVar("H", bound="House")
Scenes: TypeAlias = Mapping[str, Callable[[H], tuple[Model | str, Work]]]
"""By the name of a lock. What is held is a row, or the number that an expression comes to."""


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        self.reviewer = member(self.workspace, Role.REVIEWER)

    def put(self, model: type[Model], **said: Any) -> Any:
        return put(model, {"workspace": self.workspace.id} | said)


def in_a_transaction(work: Work) -> Work:
    def run() -> object:
        with transaction.atomic():
            return work()

    return run


def in_a_unit(work: Work) -> Work:
    def run() -> object:
        with unit(actor=SYSTEM):
            return work()

    return run


def comes_along(work: Work, to: Model | str, came: list[Any]) -> str:
    """The statement that it waits at while somebody holds that, if it does wait."""

    def run() -> None:
        try:
            came.append(work())
        except Exception as error:  # noqa: BLE001 what it comes to is no matter of locks
            came.append(error)
        finally:
            connection.close()

    thread = Thread(target=run)
    with _held(to):
        thread.start()
        if statement := _where_it_waits(thread):
            thread.join(0.02)  # PostgreSQL tells that somebody waits before it tells at what
            statement = _where_it_waits(thread)
    thread.join()
    return statement


def _where_it_waits(thread: Thread) -> str:
    """Empty: nowhere, it came to its end. Now and then who waits is woken for a moment."""
    deadline = time.monotonic() + 60
    while not (statement := _waited_at()) and thread.is_alive():
        assert time.monotonic() < deadline
        thread.join(0.02)
    return statement


@contextmanager
def _held(what: Model | str) -> Iterator[None]:
    """Not so that nothing could point at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if isinstance(what, str):
            cursor.execute(f"SELECT pg_advisory_xact_lock({what})")
        else:
            type(what)._base_manager.select_for_update(no_key=True).get(pk=what.pk)
        yield


def _waited_at() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT query FROM pg_stat_clear_snapshot(), pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        found = cursor.fetchone()
    return str(found[0]).strip() if found else ""
