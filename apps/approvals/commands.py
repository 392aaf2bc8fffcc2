"""What the sockets can do with approvals. A door like any other: parse, call one service, show."""

from collections.abc import Mapping
from typing import Any

from apps.accounts.choices import Scope
from apps.accounts.errors import InvalidToken, ScopeMissing
from apps.accounts.models import User
from apps.accounts.selectors.credentials import credential_stands
from apps.activity.ports import Viewer
from apps.activity.sockets import parsed
from apps.approvals.choices import Decision, Via
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.schemas import About, Decide, Response
from apps.approvals.selectors.briefs import briefs
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.voting import Cast, Wanted, cast_vote, undo_decision
from apps.ledger.switch import stays_open


@stays_open
def decide(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    """{"type": "decide", "request", "decision", "digest", "comment", "operations"?, "edits"?,
    "change"?}. While the kill switch is on the service takes rejections and vetoes alone."""
    asked = parsed(Decide, frame)
    wanted = Wanted(
        decision=Decision(asked.decision),
        digest=asked.digest,
        via=Via.SOCKET,
        comment=asked.comment,
        operations=asked.operations,
        edits=asked.edits,
        change=asked.change,
    )
    require_deciding(viewer)
    return answered(cast_vote(request_id=asked.request, wanted=wanted, actor=viewer.actor))


def undo(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    """{"type": "undo", "request"}: takes one's own approval back until it takes effect."""
    asked = parsed(About, frame)
    require_deciding(viewer)
    return _alone(undo_decision(request_id=asked.request, actor=viewer.actor, via=Via.SOCKET))


@stays_open
def withdraw(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    """{"type": "withdraw", "request"}: takes back what one proposed."""
    asked = parsed(About, frame)
    require_good(viewer, Scope.WRITE)
    return _alone(withdraw_request(request_id=asked.request, actor=viewer.actor))


def respond(viewer: Viewer, asked: Response, seen: str) -> dict[str, Any]:
    """Of the socket that shows what waits: decides on what it has shown, unless told a digest."""
    wanted = Wanted(
        decision=Decision.APPROVE if asked.approved else Decision.REJECT,
        digest=asked.digest or seen,
        via=Via.SOCKET,
        comment=asked.comments,
        change=asked.change,
    )
    require_deciding(viewer)
    return answered(cast_vote(request_id=asked.request_id, wanted=wanted, actor=viewer.actor))


def require_deciding(viewer: Viewer) -> None:
    require_good(viewer, Scope.DECIDE)


def require_good(viewer: Viewer, scope: Scope) -> None:
    """A socket lives longer than what opened it: until it is closed, it is asked each time."""
    actor = viewer.actor
    assert isinstance(actor, User)  # noqa: S101
    if not credential_stands(user=actor, credential=viewer.credential):
        raise InvalidToken
    if not viewer.credential.allows(scope):
        raise ScopeMissing(f"This needs a credential with the scope `{scope}`.")


def answered(cast: Cast) -> dict[str, Any]:
    [brief] = briefs([cast.request])
    vote = cast.vote
    return {
        "request": brief.shown,
        "vote": {"id": vote.id, "decision": vote.decision, "via": vote.via, "at": vote.at},
        "again": cast.again,
        "rest": cast.rest.id if cast.rest else None,
    }


def _alone(request: ApprovalRequest) -> dict[str, Any]:
    [brief] = briefs([request])
    return {"request": brief.shown}
