"""Many rows in one statement, and all that they say in one parameter of it.

    insert(nodes, replacing=["title", "body"])
    update(files, ["state", "said"])

Django gives each value of each row a placeholder of its own: for rows by the hundred that takes
longer than writing them. Here they go as one JSON text, of which PostgreSQL makes rows of their
table. Values go as they stand in the row, prepared by no field.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import AutoField, Model
from django.db.models.expressions import DatabaseDefault
from psycopg.sql import SQL, Composable, Identifier

from apps.common.prepared import Planned

_INSERT = SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows} {more}")
_REPLACING = SQL("ON CONFLICT ({key}) DO UPDATE SET {said}")
_UPDATE = SQL("UPDATE {table} AS there SET {said} FROM {rows} WHERE there.{key} = said.{key}")
_ROWS = SQL("json_populate_recordset(NULL::{table}, %s) AS said")


def insert(
    rows: Iterable[Model], *, replacing: Sequence[str] = (), ignore_conflicts: bool = False
) -> None:
    """`replacing`: what is written over where a row of this id is there. What the database gives to
    new rows is read from them, but not where some may be there."""
    new = list(rows)
    if not new:
        return
    every = new[0]._meta.concrete_fields
    given = tuple(field for field in every if _is_given(field, new[0]))
    if not all(_is_given(field, row) for row in new for field in given):
        raise TypeError("Of rows that go together, some say what others leave to the database.")
    fields = tuple(field for field in every if field not in given)
    sql = _insertion(type(new[0]), fields, given, tuple(replacing), ignore_conflicts)
    found = _written(sql, new, fields)
    for row, values in zip(new, found, strict=bool(found)):
        for field, value in zip(given, values, strict=True):
            setattr(row, field.attname, value)
    for row in new:
        row._state.adding = False


def update(rows: Sequence[Model], names: Sequence[str]) -> None:
    if rows:
        meta = rows[0]._meta
        fields = tuple(meta.get_field(name) for name in names)
        _written(_updating(type(rows[0]), fields), rows, (meta.pk, *fields))


@cache
def _insertion(
    model: type[Model],
    fields: tuple[Any, ...],
    given: tuple[Any, ...],
    replacing: tuple[str, ...],
    ignore: bool,
) -> str:
    meta = model._meta
    more: Composable = SQL("")
    if ignore:
        more = SQL("ON CONFLICT DO NOTHING")
    elif replacing:
        said = _taken([meta.get_field(name) for name in replacing], of="excluded")
        more = _REPLACING.format(key=_column(meta.pk), said=said)
    elif given:
        more = SQL("RETURNING {}").format(_listed(map(_column, given)))
    return _told(_INSERT, model, columns=_listed(map(_column, fields)), more=more)


@cache
def _updating(model: type[Model], fields: tuple[Any, ...]) -> str:
    said = _taken(fields, of="said")
    return _told(_UPDATE, model, key=_column(model._meta.pk), said=said)


def _told(sql: SQL, model: type[Model], **parts: Composable) -> str:
    table = Identifier(model._meta.db_table)
    return sql.format(table=table, rows=_ROWS.format(table=table), **parts).as_string()


def _written(sql: str, rows: Sequence[Model], fields: Sequence[Any]) -> list[tuple[Any, ...]]:
    """With what it returns of each."""
    said = [{field.column: getattr(row, field.attname) for field in fields} for row in rows]
    with Planned(connection).cursor() as cursor:
        cursor.execute(sql, [orjson.dumps(said, default=_bytea).decode()])
        return cursor.fetchall() if cursor.description else []


def _is_given(field: Any, row: Model) -> bool:
    value = getattr(row, field.attname)
    return isinstance(value, DatabaseDefault) or (value is None and isinstance(field, AutoField))


def _taken(fields: Iterable[Any], *, of: str) -> Composable:
    return _listed(
        SQL("{} = {}").format(_column(field), Identifier(of, field.column)) for field in fields
    )


def _listed(parts: Iterable[Composable]) -> Composable:
    return SQL(", ").join(parts)


def _column(field: Any) -> Identifier:
    return Identifier(field.column)


def _bytea(value: bytes) -> str:
    return rf"\x{value.hex()}"
