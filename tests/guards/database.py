"""What constraints and triggers the database has on the tables of an app."""

from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models


def constraints(app: str) -> set[str]:
    """Those that a model names, and the keys that a field is by itself. That a number is not
    negative is left to its type."""
    found: set[str] = set()
    for model in _models(app):
        named = {constraint.name for constraint in model._meta.constraints}
        with connection.cursor() as cursor:
            held = connection.introspection.get_constraints(cursor, model._meta.db_table)
        keys = {name for name, is_ in held.items() if is_["unique"] and not is_["primary_key"]}
        assert named <= held.keys(), f"{model._meta.label} lacks {named - held.keys()}"
        found |= named | keys
    return found


def triggers(app: str) -> set[str]:
    tables = [model._meta.db_table for model in _models(app)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND relname = ANY(%s)",
            [tables],
        )
        return {name for (name,) in cursor.fetchall()}


def _models(app: str) -> Iterator[type[models.Model]]:
    return apps.get_app_config(app).get_models()
