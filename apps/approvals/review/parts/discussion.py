"""What was said of it, and what is still asked."""

from typing import Any

from apps.approvals.choices import Said
from apps.approvals.review.reviewed import Reviewed
from apps.approvals.selectors.discussion import comments_on, open_questions, read_comments
from apps.approvals.services.discussing import may_write
from apps.approvals.services.opening import speaks_for


def shown(reviewed: Reviewed) -> dict[str, Any]:
    row, me = reviewed.row, reviewed.me
    comments = read_comments(comments_on(row))
    return {
        "comments": comments,
        "asked": open_questions([row.id]).get(row.id, 0),
        "questions": [each for each in comments if each.row.said == Said.QUESTION],
        "may_write": may_write(reviewed.standing, row, me),
        "may_answer": speaks_for(me, row),
    }
