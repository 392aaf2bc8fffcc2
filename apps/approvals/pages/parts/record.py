"""How whoever proposed it has fared so far, how risky this is, and what was decided of the like."""

from typing import Any

from apps.accounts.selectors.names import people_named
from apps.approvals.pages.charts import in_words, outcome_of, times_chart
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.selectors.records import record_of
from apps.approvals.selectors.similar import similar_to
from apps.common.actors import NOBODY
from apps.policies.verdicts import risk_parts


def shown(reviewed: Reviewed) -> dict[str, Any]:
    row, me = reviewed.row, reviewed.me
    record = record_of(row.proposer_id, workspace_id=row.workspace_id, actor=me)
    similar = similar_to(row, me)
    names = people_named(each.request.settled_by for each in similar)
    return {
        "proposer": reviewed.told.proposer,
        "record": record,
        "median": in_words(record.median) if record.median is not None else "",
        "times": times_chart(record.decided),
        "risk": _risk(reviewed),
        "similar": [
            {
                "told": each,
                "outcome": outcome_of(each.request.state),
                "decided_by": names.get(each.request.settled_by or NOBODY),
            }
            for each in similar
        ],
    }


def _risk(reviewed: Reviewed) -> list[dict[str, Any]]:
    """As it was judged; of what is another since then, its score alone is known."""
    explained, row = reviewed.explained, reviewed.row
    if explained is None or explained.case.verdict.risk.score != row.risk_score:
        return []
    return risk_parts(explained.case.verdict)
