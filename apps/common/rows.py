"""Many rows in one statement, and all that they say in one parameter of it.

    insert(nodes, replacing=["title", "body"])
    update(files, ["state", "said"])

Django gives each value of each row a placeholder of its own: for rows by the hundred that takes
longer than writing them. Here they go as one JSON text, of which PostgreSQL makes rows of their
table. Values go as they stand in the row, prepared by no field.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from django.db import connection
from django.db.models import AutoField, Model
from django.db.models.expressions import DatabaseDefault
from psycopg.sql import SQL, Composable, Identifier

from apps.common.prepared import Planned

_INSERT = SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows} {clash}")
_REPLACING = SQL("ON CONFLICT ({key}) DO UPDATE SET {said}")
_UPDATE = SQL("UPDATE {table} AS there SET {said} FROM {rows} WHERE there.{key} = said.{key}")
_ROWS = SQL("json_populate_recordset(NULL::{table}, %s) AS said")


def insert(
    rows: Iterable[Model], *, replacing: Sequence[str] = (), ignore_conflicts: bool = False
) -> None:
    """`replacing`: what is written over where a row of this id is there. What the database gives to
    a new row is not read from it."""
    new = list(rows)
    if not new:
        return
    meta = new[0]._meta
    fields = [field for field in meta.concrete_fields if not _is_given(field, new[0])]
    clash: Composable = SQL("ON CONFLICT DO NOTHING" if ignore_conflicts else "")
    if replacing:
        said = _taken([meta.get_field(name) for name in replacing], of="excluded")
        clash = _REPLACING.format(key=_column(meta.pk), said=said)
    _write(_INSERT, new, fields, columns=_listed(map(_column, fields)), clash=clash)
    for row in new:
        row._state.adding = False


def update(rows: Sequence[Model], names: Sequence[str]) -> None:
    if rows:
        meta = rows[0]._meta
        fields = [meta.get_field(name) for name in names]
        said = _taken(fields, of="said")
        _write(_UPDATE, rows, [meta.pk, *fields], key=_column(meta.pk), said=said)


def _write(sql: SQL, rows: Sequence[Model], fields: Sequence[Any], **parts: Composable) -> None:
    told = [{field.column: getattr(row, field.attname) for field in fields} for row in rows]
    table = Identifier(rows[0]._meta.db_table)
    composed = sql.format(table=table, rows=_ROWS.format(table=table), **parts)
    with Planned(connection).cursor() as cursor:
        cursor.execute(composed, [orjson.dumps(told, default=_bytea).decode()])


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
