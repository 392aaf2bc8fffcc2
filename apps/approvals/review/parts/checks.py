"""What was checked, and what came out: what failed comes first."""

from typing import Any

from apps.approvals.review.reviewed import Reviewed


def shown(reviewed: Reviewed) -> dict[str, Any]:
    checks = reviewed.change.checks if reviewed.change else ()
    return {
        "checks": sorted(checks, key=lambda check: bool(check["passed"])),
        "failed": failed(reviewed),
    }


def failed(reviewed: Reviewed) -> int:
    return sum(not check["passed"] for check in (reviewed.change.checks if reviewed.change else ()))
