"""Which database a process looks at, for processes that look at several in turn."""

from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper


def point_at(name: str) -> None:
    connection = connections["default"]
    assert isinstance(connection, DatabaseWrapper)
    connection.close()
    connection.close_pool()
    connection.settings_dict["NAME"] = name
