"""Why the policy asks: each rule that fired, with its file and line, and how risky it is."""

from typing import Any

from apps.approvals.review.reviewed import Reviewed


def shown(reviewed: Reviewed) -> dict[str, Any]:
    return {"rules": [rule for stage in reviewed.told.stages for rule in stage.rules]}
