"""A request's page: everything a decision is made from, as text, and what this person may do."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.accounts.browser.entry import person
from apps.accounts.models import User
from apps.accounts.selectors import standing_of
from apps.approvals.choices import Decision, Said, State
from apps.approvals.errors import NotYourTurn, SelfApproval
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Change
from apps.approvals.selectors.discussion import comments_on, open_questions, read_comments
from apps.approvals.selectors.reviews import ReadReview, read_reviews
from apps.approvals.selectors.seen import Seen, seen
from apps.approvals.selectors.subjects import change_of
from apps.approvals.services.discussing import may_write
from apps.approvals.services.emergencies import may_break_glass
from apps.approvals.services.opening import speaks_for
from apps.approvals.services.reviews import require_apart
from apps.common.errors import DomainError
from apps.policies.engine.hidden import spelled_out

MOST_LINES = 2_000
"""Of one operation; the whole is where its subject is shown."""


VOTED: dict[str, str] = {
    Decision.APPROVE: "approved",
    Decision.REJECT: "rejected",
    Decision.REQUEST_CHANGES: "asked for changes",
    Decision.ABSTAIN: "abstained",
    Decision.VETO: "vetoed",
}


def page_of(
    request: HttpRequest,
    row: ApprovalRequest,
    *,
    refused: DomainError | None = None,
    written: str = "",
) -> HttpResponse:
    """With what was refused, and what had been written, when something was."""
    me = person(request)
    [told] = seen([row], me)
    change = change_of(row)
    shown = {
        "title": told.sentence,
        "row": row,
        "told": told,
        "votes_so_far": votes_so_far(told),
        "operations": list(_operations(change)),
        "change": change,
        "failed": sum(not check["passed"] for check in change.checks) if change else 0,
        "rationale": spelled_out(change.rationale) if change else "",
        "votes": [(vote, VOTED[vote.decision]) for vote in told.votes],
        "voted": any(vote.counts and vote.voter.id == me.id for vote in told.votes),
        "edited_alone": row.state == State.PENDING and _waits_for_another(row, told),
        "refused": refused,
        "written": written,
        **_said(row, me),
        **_rights(row, me),
    }
    return TemplateResponse(
        request,
        "approvals/request.html",
        {**admin.site.each_context(request), **shown},
        status=refused.status if refused else 200,
    )


def _waits_for_another(row: ApprovalRequest, told: Seen) -> bool:
    """Enough approved it, and all of them had edited it."""
    return bool(row.co_authors) and any(
        stage.state == "open" and stage.approvals >= stage.quorum for stage in told.stages
    )


def votes_so_far(told: Seen) -> str:
    if not told.stages:
        return "nobody was asked"
    stage = next((each for each in told.stages if each.state == "open"), told.stages[-1])
    return f"{stage.name}: {stage.approvals} of {stage.quorum}"


def _operations(change: Change | None) -> Iterator[dict[str, Any]]:
    for operation in change.operations if change else ():
        lines = spelled_out(operation.diff).removesuffix("\n").split("\n")
        yield {
            "told": operation,
            "target": spelled_out(operation.target),
            "lines": list(_marked(lines[:MOST_LINES])),
            "rest": max(0, len(lines) - MOST_LINES),
        }


def _marked(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        head = line.startswith(("+++ ", "--- "))
        kind = {"+": "added", "-": "removed"}.get(line[:1], "same")
        yield ("same" if head else kind), line


def _said(row: ApprovalRequest, me: User) -> dict[str, Any]:
    comments = read_comments(comments_on(row))
    asked = open_questions([row.id]).get(row.id, 0)
    questions = [each for each in comments if each.row.said == Said.QUESTION]
    return {
        "comments": comments,
        "asked": asked,
        "questions": questions,
        "review": _review(row, me),
    }


def _review(row: ApprovalRequest, me: User) -> ReadReview | None:
    found = AfterReview.objects.filter(request=row).select_related("request").first()
    return read_reviews([found], me)[0] if found else None


def _rights(row: ApprovalRequest, me: User) -> dict[str, bool]:
    standing = standing_of(actor=me, workspace_id=row.workspace_id)
    assert standing is not None  # noqa: S101 - they were shown it
    pending = row.state == State.PENDING
    return {
        "may_write": may_write(standing, row, me),
        "may_answer": speaks_for(me, row),
        "may_break": pending and may_break_glass(row, me, standing.role),
        "may_review": _is_apart(row, me),
    }


def _is_apart(row: ApprovalRequest, me: User) -> bool:
    try:
        require_apart(row, me)
    except (SelfApproval, NotYourTurn):
        return False
    return True
