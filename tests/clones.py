"""A database of a test's own, in the time it takes to copy files."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings

from apps.common.runtime import addresses
from tests.throwaway import TEMPLATE


@contextmanager
def cloned_database(name: str) -> Iterator[str]:
    admin_url = addresses.database_url(settings.DATA_DIR, "postgres")
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        try:
            yield name
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
