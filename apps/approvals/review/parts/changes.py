"""What would change, operation by operation."""

from collections.abc import Iterator
from typing import Any

from apps.approvals.ports import Change
from apps.approvals.review.reviewed import Reviewed
from apps.policies.engine.hidden import spelled_out

MOST_LINES = 2_000


def shown(reviewed: Reviewed) -> dict[str, Any]:
    change = reviewed.change
    return {
        "operations": list(_operations(change)),
        "rationale": spelled_out(change.rationale) if change else "",
    }


def _operations(change: Change | None) -> Iterator[dict[str, Any]]:
    for operation in change.operations if change else ():
        lines = spelled_out(operation.diff).removesuffix("\n").split("\n")
        yield {
            "told": operation,
            "target": spelled_out(operation.target),
            "lines": list(_marked(lines[:MOST_LINES])),
            "rest": max(0, len(lines) - MOST_LINES),
        }


def _marked(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        head = line.startswith(("+++ ", "--- "))
        kind = {"+": "added", "-": "removed"}.get(line[:1], "same")
        yield ("same" if head else kind), line
