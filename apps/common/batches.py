"""Throwing away many rows without holding many locks, or one transaction, for long."""

from typing import Any

from django.db.models import QuerySet

BATCH = 1_000


def delete_in_batches(rows: QuerySet[Any]) -> int:
    """Each batch commits by itself; whoever is stopped in between goes on the next time."""
    deleted = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows.model._default_manager.filter(pk__in=ids).delete()
        deleted += len(ids)
    return deleted
