"""Looking afterwards at what took effect before anybody decided: because somebody broke the glass,
or because it was drawn from what the policy let pass.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.keyring import encrypt
from apps.accounts.selectors.standing import require, require_person
from apps.approvals import events
from apps.approvals.choices import Because, ReviewBecause, State
from apps.approvals.errors import NotOpen, NotYourTurn, ReasonMissing, SelfApproval
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.electorate import electorate_of
from apps.approvals.selectors.requests import the_request
from apps.approvals.selectors.reviews import is_nobody_apart, those_with_a_part
from apps.approvals.services.settling import adopt, named, view_of
from apps.common.actors import SYSTEM, Actor
from apps.ledger.services import record, unit
from apps.policies.choices import Effect
from apps.policies.ports import Verdict
from apps.policies.selectors.policies import InForce, policy_in_force

MOST_TOLD = 200
"""Of overdue ones at a time."""


def sample(
    *, kind: str, subject: UUID, content: str, verdict: Verdict, actor: Actor, workspace: UUID
) -> ApprovalRequest | None:
    """For the room that keeps what the policy allowed, in its unit of work. None: it was not drawn,
    or nobody is there who might look at it. Nobody can foresee what will be drawn."""
    policy = policy_in_force(workspace)
    drawn = secrets.randbelow(100) < policy.document.sampling.percent
    if verdict.effect != Effect.ALLOW or not drawn:
        return None
    if not electorate_of(workspace).roles.keys() - set(verdict.excluded):
        return None
    now = timezone.now()
    request = ApprovalRequest(
        workspace_id=workspace,
        subject_kind=kind,
        subject_id=subject,
        state=State.CONSUMED,
        because=Because.AUTOMATIC,
        proposer_id=actor.actor_id,
        proposer_kind=actor.actor_kind,
        content_digest=content,
        act_id=verdict.record,
        settled_by=SYSTEM.actor_id,
        settled_at=now,
        effective_at=now,
        consumed_at=now,
    )
    adopt(request, verdict, policy)
    request.view_digest = view_of(request, [])
    with unit(actor=actor, workspace=workspace):
        request.save(force_insert=True)
        review = owe_review(request, ReviewBecause.SAMPLED, policy)
        review.save(force_insert=True)
        record(events.ReviewOwed(**named(request), review=review.id, review_by=review.due_at))
    return request


def owe_review(request: ApprovalRequest, because: ReviewBecause, policy: InForce) -> AfterReview:
    """Not yet saved."""
    within = policy.review_minutes(sampled=because == ReviewBecause.SAMPLED)
    return AfterReview(
        workspace_id=request.workspace_id,
        request=request,
        because=because,
        due_at=timezone.now() + timedelta(minutes=within),
    )


def review_afterwards(*, request_id: UUID, sound: bool, note: str, actor: Actor) -> AfterReview:
    """By somebody who might have decided and has no part in it, while there is such a person. Said
    again, it answers as before."""
    require_person(actor)
    found = the_request(request_id=request_id, actor=actor)
    require(actor=actor, workspace_id=found.workspace_id, permission=Permission.DECIDE)
    require_apart(found, actor)
    if not sound and not note.strip():
        raise ReasonMissing(
            "Say in `note` what is wrong with it.",
            details=[{"field": "note", "message": "Say what is wrong with it."}],
        )
    with unit(actor=actor, workspace=found.workspace_id):
        held = AfterReview.objects.select_for_update().filter(request=found)
        review: AfterReview | None = held.first()
        if review is None:
            raise NotOpen("Nobody has to look at this afterwards: it was decided before.")
        if review.reviewed_at is not None:
            if (review.reviewed_by, review.sound) == (actor.actor_id, sound):
                return review
            raise NotOpen("Somebody has looked at this afterwards already.")
        review.reviewed_by, review.reviewed_at = actor.actor_id, timezone.now()
        review.sound = sound
        if note.strip():
            review.sealed_note = encrypt(
                found.workspace_id, note.strip().encode(), context=review.note_context
            )
        review.save(update_fields=["reviewed_by", "reviewed_at", "sound", "sealed_note"])
        apart = actor.actor_id not in those_with_a_part(found)
        record(events.ReviewDone(**named(found), review=review.id, sound=sound, apart=apart))
    return review


def require_apart(request: ApprovalRequest, actor: Actor) -> None:
    """From all who have a part in it. Where nobody else is left who might look, they acknowledge it
    themselves, which its event says."""
    if actor.actor_id not in those_with_a_part(request) or is_nobody_apart(request):
        return
    if actor.actor_id == request.settled_by:
        raise NotYourTurn("Whoever broke the glass does not judge that: somebody else has to.")
    raise SelfApproval("Whoever proposed something, or delegated to who did, does not judge it.")


def tell_overdue_reviews() -> int:
    """Each is told of once, by whichever clock comes first. How many were."""
    told = 0
    overdue = AfterReview.objects.overdue().filter(told_overdue=False).order_by("due_at", "id")
    for review_id, workspace in list(overdue.values_list("id", "workspace_id")[:MOST_TOLD]):
        with unit(actor=SYSTEM, workspace=workspace):
            held = AfterReview.objects.overdue().filter(id=review_id, told_overdue=False)
            review = held.select_for_update(of=("self",)).select_related("request").first()
            if review is None:
                continue
            review.told_overdue = True
            review.save(update_fields=["told_overdue"])
            record(events.ReviewOverdue(**named(review.request), review=review.id))
            told += 1
    return told
