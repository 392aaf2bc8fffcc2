"""Who voted what in which stage, and whoever looked afterwards."""

from typing import Any

from apps.approvals.choices import Decision
from apps.approvals.errors import NotYourTurn, SelfApproval
from apps.approvals.models.people import AfterReview
from apps.approvals.review.reviewed import Reviewed
from apps.approvals.selectors.reviews import ReadReview, read_reviews
from apps.approvals.services.reviews import require_apart

VOTED: dict[str, str] = {
    Decision.APPROVE: "approved",
    Decision.REJECT: "rejected",
    Decision.REQUEST_CHANGES: "asked for changes",
    Decision.ABSTAIN: "abstained",
    Decision.VETO: "vetoed",
}


def shown(reviewed: Reviewed) -> dict[str, Any]:
    return {
        "votes": [(vote, VOTED[vote.decision]) for vote in reviewed.told.votes],
        "review": _review(reviewed),
        "may_review": _is_apart(reviewed),
    }


def _review(reviewed: Reviewed) -> ReadReview | None:
    found = AfterReview.objects.filter(request=reviewed.row).select_related("request").first()
    return read_reviews([found], reviewed.me)[0] if found else None


def _is_apart(reviewed: Reviewed) -> bool:
    try:
        require_apart(reviewed.row, reviewed.me)
    except (SelfApproval, NotYourTurn):
        return False
    return True
