"""What was said of it, and what is still asked or to be resolved."""

from collections.abc import Iterator
from typing import Any

from apps.approvals.choices import Said, Side, State
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.selectors.discussion import (
    ReadComment,
    ReadThread,
    comments_on,
    read_comments,
    threads_of,
)
from apps.approvals.services.discussing import may_write
from apps.approvals.services.opening import speaks_for
from apps.approvals.services.threads import may_require, may_resolve


def shown(reviewed: Reviewed) -> dict[str, Any]:
    row, me, standing = reviewed.row, reviewed.me, reviewed.standing
    resolves, answers = may_resolve(standing, row, me), speaks_for(me, row)

    def thread(each: ReadThread) -> dict[str, Any]:
        said, first = [each.first, *each.replies], each.first.row
        asked = list(_open_questions(said))
        mine = [one for one in asked if answers or one.row.author_id == me.id]
        return {
            "first": each.first,
            "all": said,
            "asked": [one.row.id for one in asked],
            "answers": mine[0].row.id if mine else None,
            "may_resolve": first.is_thread and resolves(first),
            "version": f"{len(said)} {first.is_open} {each.first.is_current}",
        }

    threads = threads_of(read_comments(comments_on(row)))
    return {
        "threads": [thread(each) for each in threads],
        "left": left(reviewed),
        "earlier": sum(not one.first.is_current and one.first.row.is_open for one in threads),
        "operations": reviewed.change.operations if reviewed.change else (),
        "sides": Side.choices,
        "may_write": may_write(standing, row, me),
        "may_answer": answers,
        "may_require": row.state == State.PENDING and may_require(standing, row, me),
    }


def _open_questions(said: list[ReadComment]) -> Iterator[ReadComment]:
    answered = {one.row.reply_to_id for one in said if one.row.said == Said.ANSWER}
    for one in said:
        if one.row.said == Said.QUESTION and one.row.id not in answered:
            yield one


def left(reviewed: Reviewed) -> int:
    """What waits for an answer or to be resolved."""
    return reviewed.told.left.questions + reviewed.told.left.threads
