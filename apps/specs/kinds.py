"""What a kind of node is, and which of them every workspace has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.specs.choices import NodeKind


@dataclass(frozen=True, kw_only=True)
class Kind:
    prefix: str
    """Of the keys that its nodes are given. Sections are called after their document."""
    schema: Mapping[str, Any] = field(default_factory=dict)
    """JSON Schema of the attributes of its nodes."""


BUILT_IN: Mapping[str, str] = {
    NodeKind.SPEC: "SPEC",
    NodeKind.SECTION: "",
    NodeKind.REQUIREMENT: "REQ",
    NodeKind.GOAL: "GOAL",
    NodeKind.CONSTRAINT: "CON",
    NodeKind.INTERFACE: "IF",
    NodeKind.DECISION: "DEC",
    NodeKind.TASK: "TASK",
    NodeKind.TEST: "TEST",
}
"""Their prefixes. A workspace may demand something of their attributes, but not rename them."""
