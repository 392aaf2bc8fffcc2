"""Queries that are asked in every call, built once.

    @prepared
    def _standing(*, user: UUID, workspace: UUID) -> QuerySet[Membership]:
        return Membership.objects.standing().filter(user_id=user, workspace_id=workspace)

    [membership] = _standing(user=..., workspace=...)

To build a queryset and put it into SQL costs Django many times what it takes to ask it. Here the
function is called once in a process, with a placeholder for each argument; afterwards only the
values differ. So whatever else it says stays as it was: it may not look at its arguments, nor at a
clock. Values go to PostgreSQL as they are: a UUID, a text, a moment, a list of such (for `__in`),
never None. A `limit` is an integer that stands in a slice: for each the query is built anew.

They go apart from the statement, which PostgreSQL plans once in a connection: to plan it takes
longer than to answer it. DATABASE_PLANS turns that off.
"""

from collections.abc import Callable
from copy import copy
from datetime import datetime
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import QuerySet, Value
from django.db.transaction import TransactionManagementError

P = ParamSpec("P")
Row = TypeVar("Row")
Built = tuple[Any, Any, str, tuple[Any, ...]]


class Slot(Value):
    """Where an argument goes: it comes through the compiler as its own parameter."""

    def as_sql(self, *_: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class _PlannedCursor(ServerBindingCursor):
    def _convert_query(self, query: Any, params: Any = None) -> Any:
        """Kept for who logs queries: psycopg forgets what it has planned before."""
        self._query = super()._convert_query(query, params)  # type: ignore[misc]
        return self._query


class Planned:
    """A connection of Django that does not write the values into its statements."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def cursor(self) -> Any:
        cursor = self._connection.cursor()
        cursor.cursor = _PlannedCursor(self._connection.connection)  # type: ignore[call-arg]
        return cursor


class Prepared(Generic[P, Row]):
    def __init__(self, query: Callable[P, QuerySet[Any, Row]]) -> None:
        update_wrapper(self, query)
        self._query: Callable[..., Any] = query
        self._built: dict[Any, Built] = {}

    def __call__(self, *_: P.args, **values: P.kwargs) -> list[Row]:
        limit = values.get("limit")
        if limit not in self._built:
            self._built[limit] = self._build(limit)
        queryset, compiler, sql, params = self._built[limit]
        if queryset.query.select_for_update:
            _require_transaction(queryset.db)
        filled = [values[part.value] if isinstance(part, Slot) else part for part in params]
        compiler, query = copy(compiler), copy(queryset.query)
        compiler.connection = Planned(connections[queryset.db])
        compiler.as_sql = lambda *_, **__: (sql, filled)
        query.get_compiler = lambda *_, **__: compiler
        return list(queryset._iterable_class(QuerySet(queryset.model, query)))

    def first(self, *args: P.args, **values: P.kwargs) -> Row | None:
        """Or None. It asks for all there are."""
        return next(iter(self(*args, **values)), None)

    def _build(self, limit: Any) -> Built:
        slots: dict[str, Any] = {name: Slot(name) for name in signature(self._query).parameters}
        queryset = self._query(**(slots if limit is None else slots | {"limit": limit}))
        compiler = queryset.query.get_compiler(using=queryset.db)
        sql, params = compiler.as_sql()
        sql = sql.replace(" IN %s", " = ANY(%s)")  # of which only a slot makes that
        if any(isinstance(part, datetime) for part in params):
            raise TypeError(f"{self._query.__qualname__} would ask about one moment for ever.")
        return queryset, compiler, sql, params


def _require_transaction(using: str) -> None:
    """Where Django builds a statement, it sees to that itself."""
    if connections[using].get_autocommit():
        raise TransactionManagementError("What is locked is held by a transaction: there is none.")


def prepared(query: Callable[P, QuerySet[Any, Row]]) -> Prepared[P, Row]:
    return Prepared(query)
