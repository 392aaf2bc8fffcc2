"""Who is told of an event: config/subscriptions.py says it."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings


def told_of(event_type: str, payload: Mapping[str, Any]) -> list[str]:
    """The names of their tasks."""
    tasks = settings.SUBSCRIPTIONS.get(event_type, ())
    return [task for task in tasks if concerns(task, payload)]


def concerns(task: str, payload: Mapping[str, Any]) -> bool:
    kind = settings.SUBSCRIBED_TO_KIND.get(task)
    return kind is None or payload["subject_kind"] == kind
