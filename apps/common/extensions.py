"""What PostgreSQL offers beside itself, for migrations and for whoever can do without."""

from typing import Any

from django.contrib.postgres.operations import CreateExtension
from django.db import connection


class CreateExtensionWhereOffered(CreateExtension):
    """What is not installed on the server is done without."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if self.is_offered(schema_editor):
            super().database_forwards(app_label, schema_editor, *states)

    def is_offered(self, schema_editor: Any) -> bool:
        with schema_editor.connection.cursor() as cursor:
            asked = "SELECT 1 FROM pg_available_extensions WHERE name = %s"
            cursor.execute(asked, [self.name])
            return cursor.fetchone() is not None


def has_extension(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = %s", [name])
        return cursor.fetchone() is not None
