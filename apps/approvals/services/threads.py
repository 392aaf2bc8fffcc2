"""Threads: what was said of a place in a change, or has to be settled before anybody approves, and
the answers to it. They are resolved, and opened again.
"""

from collections.abc import Callable
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.ports import Standing
from apps.accounts.selectors.names import people_named
from apps.accounts.selectors.standing import require
from apps.approvals import events
from apps.approvals.errors import ThreadsOpen
from apps.approvals.models.people import Comment
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.discussion import the_thread
from apps.approvals.selectors.electorate import Sitting
from apps.approvals.selectors.requests import the_request
from apps.approvals.services import settling
from apps.approvals.services.opening import speaks_for
from apps.common.actors import Actor
from apps.common.errors import Invalid, NotAllowed
from apps.ledger.services import record, unit


def resolve_thread(*, request_id: UUID, comment_id: UUID, actor: Actor) -> Comment:
    """By who began it and by those who may decide. What is required is never resolved by who
    proposed it or owns the agent that did, unless they began it. Resolved already, it stays so."""
    return _turn(request_id, comment_id, actor, resolved=True)


def reopen_thread(*, request_id: UUID, comment_id: UUID, actor: Actor) -> Comment:
    """By the same."""
    return _turn(request_id, comment_id, actor, resolved=False)


def may_require(standing: Standing, request: ApprovalRequest, actor: Actor) -> bool:
    """Whether they may decide on it, and so say what comes before that."""
    return (
        actor.actor_kind != "agent"
        and standing.permits(Permission.DECIDE)
        and actor.actor_id not in request.excluded
    )


def may_resolve(
    standing: Standing, request: ApprovalRequest, actor: Actor
) -> Callable[[Comment], bool]:
    """Of each thread of the request."""
    decides = standing.permits(Permission.DECIDE) and actor.actor_kind != "agent"
    apart = may_require(standing, request, actor) and not speaks_for(actor, request)

    def may(thread: Comment) -> bool:
        if thread.author_id == actor.actor_id:
            return standing.permits(Permission.WRITE)
        return apart if thread.required else decides

    return may


def require_resolved(sitting: Sitting) -> None:
    """In the unit of work of an approval, which holds the request."""
    if not sitting.threads:
        return
    names = people_named(thread.author_id for thread in sitting.threads)
    raise ThreadsOpen(
        details=[
            {
                "field": "threads",
                "message": f"{names[thread.author_id].name} began a thread that is to be resolved.",
                "comment": str(thread.id),
                "author": str(thread.author_id),
                "operation": thread.operation,
                "side": thread.side,
                "line": thread.line,
            }
            for thread in sitting.threads
        ]
    )


def _turn(request_id: UUID, comment_id: UUID, actor: Actor, *, resolved: bool) -> Comment:
    found = the_request(request_id=request_id, actor=actor)
    standing = require(actor=actor, workspace_id=found.workspace_id, permission=Permission.WRITE)
    with unit(actor=actor, workspace=found.workspace_id):
        request = ApprovalRequest.objects.select_for_update(of=("self",)).get(id=found.id)
        thread = the_thread(comment_id=comment_id, request=request)
        if not thread.is_thread:
            raise Invalid(
                "A thread is resolved by the comment that began it, if that was said of a place "
                "or is required."
            )
        if not may_resolve(standing, request, actor)(thread):
            raise NotAllowed(
                "Whoever began it resolves it, and those who may decide; what is required, nobody "
                "who proposed it or owns the agent that did."
            )
        if thread.is_open != resolved:
            return thread
        thread.resolved_by = actor.actor_id if resolved else None
        thread.resolved_at = timezone.now() if resolved else None
        thread.save(update_fields=["resolved_by", "resolved_at"])
        kind = events.ThreadResolved if resolved else events.ThreadReopened
        record(
            kind(
                **settling.named(request),
                comment=thread.id,
                operation=thread.operation,
                required=thread.required,
            )
        )
        if thread.required and resolved:
            settling.count(settling.sit(request.id), actor=actor)
    return thread
