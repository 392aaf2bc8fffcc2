"""What happened to it, the newest first: who voted what, and whoever looked afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.activity.selectors.events import events_about
from apps.activity.wording import told
from apps.approvals.choices import Decision
from apps.approvals.errors import NotYourTurn, SelfApproval
from apps.approvals.models.people import AfterReview
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.selectors.endings import kin_of
from apps.approvals.selectors.reviews import ReadReview, read_reviews
from apps.approvals.selectors.seen import SeenVote
from apps.approvals.services.reviews import require_apart

VOTED: dict[str, str] = {
    Decision.APPROVE: "approved",
    Decision.REJECT: "rejected",
    Decision.REQUEST_CHANGES: "asked for changes",
    Decision.ABSTAIN: "abstained",
    Decision.VETO: "vetoed",
}


SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Moment:
    at: datetime
    text: str
    vote: SeenVote | None = None
    """Of the present round: with what was said, and whether it counts."""
    voted: str = ""


def shown(reviewed: Reviewed) -> dict[str, Any]:
    return {
        "moments": list(_moments(reviewed)),
        "kin": kin_of(reviewed.row),
        "review": _review(reviewed),
        "may_review": _is_apart(reviewed),
    }


def _moments(reviewed: Reviewed) -> Iterator[Moment]:
    row = reviewed.row
    events = events_about(row.id, workspace_id=row.workspace_id, limit=SHOWN)
    votes = {str(vote.id): vote for vote in reviewed.told.votes}
    for event, text in zip(events, told(events), strict=True):
        vote = votes.pop(str(event.payload.get("vote")), None)
        voted = VOTED[vote.decision] if vote else ""
        yield Moment(at=event.at, text=text, vote=vote, voted=voted)


def _review(reviewed: Reviewed) -> ReadReview | None:
    found = AfterReview.objects.filter(request=reviewed.row).select_related("request").first()
    return read_reviews([found], reviewed.me)[0] if found else None


def _is_apart(reviewed: Reviewed) -> bool:
    try:
        require_apart(reviewed.row, reviewed.me)
    except (SelfApproval, NotYourTurn):
        return False
    return True
