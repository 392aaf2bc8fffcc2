"""What happens on approval, what is still needed for it, and the buttons."""

from typing import Any

from apps.approvals.choices import State
from apps.approvals.review.reviewed import Reviewed
from apps.approvals.services.emergencies import may_break_glass


def shown(reviewed: Reviewed) -> dict[str, Any]:
    row, told, me = reviewed.row, reviewed.told, reviewed.me
    pending = row.state == State.PENDING
    return {
        "stage": next((stage for stage in told.stages if stage.state == "open"), None),
        "voted": any(vote.counts and vote.voter.id == me.id for vote in told.votes),
        "edited_alone": pending and _waits_for_another(reviewed),
        "may_break": pending and may_break_glass(row, me, reviewed.standing.role),
    }


def _waits_for_another(reviewed: Reviewed) -> bool:
    """Enough approved it, and all of them had edited it."""
    return bool(reviewed.row.co_authors) and any(
        stage.state == "open" and stage.approvals >= stage.quorum for stage in reviewed.told.stages
    )
