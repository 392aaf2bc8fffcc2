"""Which database a process looks at, for processes that look at several in turn."""

import asyncio

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper


def point_at(name: str) -> None:
    let_go().settings_dict["NAME"] = name


def let_go() -> DatabaseWrapper:
    """Of every connection, until the database is asked something again."""
    connection = connections["default"]
    assert isinstance(connection, DatabaseWrapper)
    connection.close()
    connection.close_pool()
    return connection


async def off_loop(function, *args, **kwargs):
    """On a thread, which gives its connection back."""

    def work():
        try:
            return function(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(work)
