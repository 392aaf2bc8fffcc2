"""What else depends on what would change."""

from typing import Any

from apps.approvals.review.reviewed import Reviewed


def shown(reviewed: Reviewed) -> dict[str, Any]:
    change = reviewed.change
    return {"affected": change.impact if change else ()}
