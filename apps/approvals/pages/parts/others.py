"""What else there is in the view from which a request was opened: before it, and after it."""

from collections.abc import Sequence
from typing import Any

from apps.accounts.selectors.names import people_named
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.asked import query_of, read_asked
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.selectors.listing import Listing, place_of
from apps.approvals.selectors.subjects import GONE, summaries_of

SHOWN = 30
ABOVE = 10


def shown(reviewed: Reviewed) -> dict[str, Any]:
    asked, row = read_asked(reviewed.asked), reviewed.row
    listing, place = Listing(asked, reviewed.me), place_of(row, asked)
    above = listing.rows(after=place, back=True, limit=ABOVE)
    below = listing.rows(after=place, limit=SHOWN - 1 - len(above))
    return {
        "view": asked.view,
        "query": query_of(asked),
        "rows": _briefly([*reversed(above), row, *below]),
        "previous": above[0] if above else None,
        "next": below[0] if below else listing.next_after(row),
    }


def _briefly(rows: Sequence[ApprovalRequest]) -> list[dict[str, Any]]:
    told = summaries_of(rows)
    names = people_named(row.proposer_id for row in rows)
    return [
        {
            "row": row,
            "sentence": told[row.subject_id].sentence if row.subject_id in told else GONE,
            "proposer": names[row.proposer_id],
        }
        for row in rows
    ]
