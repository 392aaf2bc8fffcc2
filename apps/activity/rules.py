"""How an event's type reads to whoever watches ("accounts.member.added" is `member_added` of the
area `workspace`), and which types a webhook asked for.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from apps.activity.choices import AREAS
from apps.activity.events import WebhookTested

_PATTERN = re.compile(r"\*|[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*(\.\*)?")


@cache
def area_of(event_type: str) -> str:
    words = event_type.split(".")
    for length in range(len(words), 0, -1):
        if area := AREAS.get(".".join(words[:length])):
            return area
    return words[0]


@cache
def short_name(event_type: str) -> str:
    return "_".join(event_type.split(".")[1:]) or event_type


@cache
def plain_sentence(event_type: str) -> str:
    return short_name(event_type).replace("_", " ").capitalize()


def is_pattern(text: str) -> bool:
    """`*`, a type, or the beginning of types: `accounts.*`, `accounts.member.*`."""
    return len(text) <= 100 and _PATTERN.fullmatch(text) is not None


def matches(pattern: str, event_type: str) -> bool:
    if pattern.endswith("*"):
        return event_type.startswith(pattern[:-1])
    return event_type == pattern


def wants(
    webhook: UUID, patterns: Sequence[str], event_type: str, payload: Mapping[str, Any]
) -> bool:
    if event_type == WebhookTested.type:
        return bool(payload["webhook"] == str(webhook))
    return any(matches(pattern, event_type) for pattern in patterns)
