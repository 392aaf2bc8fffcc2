"""Breaking the glass: in an emergency somebody acts before others have decided, where the policy
lets them, and others look at it afterwards.
"""

from uuid import UUID

from apps.accounts.choices import Permission, Role
from apps.accounts.keyring import encrypt
from apps.accounts.selectors.standing import require, require_person
from apps.approvals import events
from apps.approvals.choices import Because, Decision, ReviewBecause, Via
from apps.approvals.errors import BreakGlassShut, ReasonMissing, SelfApproval, ViewMissing
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.rules import may_sit
from apps.approvals.selectors.electorate import Sitting
from apps.approvals.selectors.requests import the_request
from apps.approvals.services import settling
from apps.approvals.services.cards import deal_alarms
from apps.approvals.services.reviews import owe_review
from apps.approvals.services.voting import Wanted, moved
from apps.approvals.services.weighing import weigh_anew
from apps.common.actors import Actor
from apps.common.errors import NotAllowed
from apps.ledger.services import record, unit
from apps.policies.selectors.policies import policy_in_force

ALARMED = (Role.ADMIN,)
"""These, and those above them, are told at once."""


def break_glass(
    *, request_id: UUID, reason: str, digest: str, actor: Actor, via: Via
) -> AfterReview:
    """What is asked takes effect at once, and cannot be undone: it can be vetoed until it is acted
    on. Neither an agent nor anybody who has a part in it breaks the glass."""
    require_person(actor)
    found = the_request(request_id=request_id, actor=actor)
    standing = require(actor=actor, workspace_id=found.workspace_id, permission=Permission.DECIDE)
    if not reason.strip():
        raise ReasonMissing(
            "Say in `reason` why this cannot wait.",
            details=[{"field": "reason", "message": "Say why this cannot wait."}],
        )
    if not digest:
        raise ViewMissing
    wanted = Wanted(decision=Decision.APPROVE, digest=digest, via=via)
    with unit(actor=actor, workspace=found.workspace_id):
        sitting = settling.sit(found.id)
        settling.expire_if_late(sitting)
        weigh_anew(sitting)
        refusal = moved(sitting, wanted)
        if refusal is None:
            _require_may_break(sitting.request, actor, standing.role)
            return _break(sitting, reason.strip(), actor, via)
    raise refusal


def may_break_glass(request: ApprovalRequest, actor: Actor, role: str) -> bool:
    """Whether a button would be allowed, of a pending request; the service decides again."""
    try:
        _require_may_break(request, actor, role)
    except NotAllowed:
        return False
    return True


def _require_may_break(request: ApprovalRequest, actor: Actor, role: str) -> None:
    allowed = policy_in_force(request.workspace_id).document.break_glass
    if not allowed.enabled or not may_sit(role, allowed.roles):
        raise BreakGlassShut
    if actor.actor_id in (*request.excluded, *request.co_authors):
        raise SelfApproval


def _break(sitting: Sitting, reason: str, actor: Actor, via: Via) -> AfterReview:
    request = sitting.request
    policy = policy_in_force(request.workspace_id)
    review = owe_review(request, ReviewBecause.BREAK_GLASS, policy)
    review.sealed_reason = encrypt(
        request.workspace_id, reason.encode(), context=review.reason_context
    )
    review.save(force_insert=True)
    record(events.GlassBroken(**settling.named(request), review=review.id, review_by=review.due_at))
    request.undo_seconds = 0
    settling.allow(request, actor=actor, because=Because.BREAK_GLASS, via=via)
    watchful = {person for person, role in sitting.people.roles.items() if may_sit(role, ALARMED)}
    deal_alarms(request, watchful - {actor.actor_id})
    return review
