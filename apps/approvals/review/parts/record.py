"""How whoever proposed it has fared so far, and what was decided of the like."""

from typing import Any

from apps.approvals.review.reviewed import Reviewed


def shown(reviewed: Reviewed) -> dict[str, Any]:
    return {"proposer": reviewed.told.proposer}
