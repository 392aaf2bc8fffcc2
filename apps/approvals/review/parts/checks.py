"""What was checked, and what came out."""

from typing import Any

from apps.approvals.review.reviewed import Reviewed


def shown(reviewed: Reviewed) -> dict[str, Any]:
    checks = reviewed.change.checks if reviewed.change else ()
    return {
        "checks": sorted(checks, key=lambda check: bool(check["passed"])),
        "failed": sum(not check["passed"] for check in checks),
    }
