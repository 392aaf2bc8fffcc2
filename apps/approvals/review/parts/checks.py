"""What was checked, and what came out: what failed comes first."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.approvals.review.reviewed import Reviewed


def shown(reviewed: Reviewed) -> dict[str, Any]:
    return told(reviewed.change.checks if reviewed.change else ())


def told(checks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Wherever checks are shown."""
    return {
        "checks": sorted(checks, key=lambda check: bool(check["passed"])),
        "failed": sum(not check["passed"] for check in checks),
    }


def failed(reviewed: Reviewed) -> int:
    count: int = shown(reviewed)["failed"]
    return count
