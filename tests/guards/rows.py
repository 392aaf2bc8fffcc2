"""Rows as the database alone would take them: of their own, and filled in where nothing is said."""

import secrets
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.common.ids import uuid7

M = TypeVar("M", bound=models.Model)


def put(model: type[M], said: dict[str, Any]) -> M:
    """What it points at need not be there before the commit."""
    filled = {field.attname: _filled(field, said) for field in model._meta.concrete_fields}
    stored = {name: value for name, value in filled.items() if value is not None}
    [row] = model._base_manager.bulk_create([model(**stored)])
    return row


def _filled(field: "models.Field[Any, Any]", said: dict[str, Any]) -> Any:
    for name in (field.name, field.attname):
        if name in said:
            return said[name]
    if field.has_default() or field.null or field.has_db_default():
        return field.get_default() if field.has_default() else None
    return any_value(field)


def any_value(field: "models.Field[Any, Any]") -> Any:
    """Another one each time, as far as its kind has several."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if field.choices:
        return field.choices[0][0]
    kind = field.get_internal_type()
    if "Integer" in kind or "AutoField" in kind or "Decimal" in kind:
        return secrets.randbelow(30_000) + 1
    return {
        "UUIDField": uuid7,
        "DateTimeField": timezone.now,
        "DateField": lambda: timezone.now().date(),
        "BinaryField": lambda: secrets.token_bytes(32),
        "BooleanField": bool,
        "JSONField": dict,
        "ArrayField": list,
    }.get("ArrayField" if isinstance(field, ArrayField) else kind, lambda: secrets.token_hex(4))()
