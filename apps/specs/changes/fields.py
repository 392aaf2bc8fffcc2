"""The fields of a node as operations have them: names, and values as JSON. An attribute is the
field `attributes.<name>`; None means that it is not there.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson

from apps.specs.changes.values import NodeState
from apps.specs.choices import Status

ATTRIBUTE = "attributes."
PLAIN = ("key", "kind", "title", "heading", "body", "labels", "owner", "status", "parent")


def value_of(node: NodeState, field: str) -> Any:
    if field.startswith(ATTRIBUTE):
        return node.attributes.get(field.removeprefix(ATTRIBUTE))
    match field:
        case "labels":
            return sorted(node.labels)
        case "owner" | "parent":
            value = getattr(node, field)
            return None if value is None else str(value)
        case "status":
            return str(node.status)
    return getattr(node, field)


def all_fields(node: NodeState) -> dict[str, Any]:
    attributes = {f"{ATTRIBUTE}{name}": node.attributes[name] for name in sorted(node.attributes)}
    return {field: value_of(node, field) for field in PLAIN} | attributes


def with_values(node: NodeState, values: Mapping[str, Any], **besides: Any) -> NodeState:
    """`besides`: what no operation names."""
    attributes = dict(node.attributes)
    changed: dict[str, Any] = {}
    for field, value in values.items():
        if field.startswith(ATTRIBUTE):
            attributes[field.removeprefix(ATTRIBUTE)] = value
        elif field in ("owner", "parent"):
            changed[field] = None if value is None else UUID(value)
        elif field == "labels":
            changed[field] = tuple(value)
        elif field == "status":
            changed[field] = Status(value)
        elif field in PLAIN:
            changed[field] = value
    there = {name: value for name, value in attributes.items() if value is not None}
    return replace(node, attributes=there, **changed, **besides)


def is_same(one: Any, other: Any) -> bool:
    """As JSON: `true` is not 1."""
    return one == other and canonical(one) == canonical(other)


def canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
