"""What else waits on whoever reviews, and what comes after this."""

from typing import Any

from apps.approvals.models.requests import DUE
from apps.approvals.review.reviewed import Reviewed
from apps.approvals.selectors.queue import waiting_anywhere
from apps.approvals.selectors.subjects import GONE, summaries_of

SHOWN = 20


def shown(reviewed: Reviewed) -> dict[str, Any]:
    rows = list(waiting_anywhere(reviewed.me).order_by(DUE, "id")[:SHOWN])
    told = summaries_of(rows)
    return {
        "rows": [
            {
                "row": row,
                "sentence": told[row.subject_id].sentence if row.subject_id in told else GONE,
            }
            for row in rows
        ],
        "next": next((row for row in rows if row.id != reviewed.row.id), None),
    }
