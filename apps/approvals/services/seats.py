"""Who takes a request on, who wants to see it later, and to whom a seat is given.

A claim informs others and hinders nobody. It lapses by itself, unless it is made again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.selectors.names import names_of
from apps.accounts.selectors.standing import require, require_person
from apps.approvals import events
from apps.approvals.choices import Decision, StageState, State
from apps.approvals.errors import AlreadyClaimed, NotOpen, NotToHandOver, NotYourTurn, SelfApproval
from apps.approvals.models.people import Snooze
from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.selectors.electorate import Sitting
from apps.approvals.selectors.requests import the_request
from apps.approvals.services.opening import require_staffed
from apps.approvals.services.settling import named, sit
from apps.common.actors import Actor
from apps.common.errors import Invalid
from apps.common.texts.clock import HOUR, by_the_clock
from apps.ledger.services import record, unit

LEASE = timedelta(minutes=15)
LONGEST_SNOOZE = timedelta(days=30)
MOST_PEOPLE = 20


# --- claims


def claim_request(*, request_id: UUID, actor: Actor) -> ApprovalRequest:
    """Made again, it lasts from now on."""
    found = _decidable(request_id, actor)
    with unit(actor=actor, workspace=found.workspace_id):
        request = _pending(found.id)
        if actor.actor_id in request.excluded:
            raise SelfApproval
        if _is_held(request) and request.claimed_by != actor.actor_id:
            raise _claimed(request)
        request.claimed_by, request.claimed_until = actor.actor_id, timezone.now() + LEASE
        request.save(update_fields=["claimed_by", "claimed_until"])
        record(events.RequestClaimed(**named(request), until=request.claimed_until))
    return request


def unclaim_request(*, request_id: UUID, actor: Actor) -> ApprovalRequest:
    """What nobody holds is free already."""
    found = _decidable(request_id, actor)
    with unit(actor=actor, workspace=found.workspace_id):
        request = _locked(found.id)
        if not _is_held(request):
            return request
        if request.claimed_by != actor.actor_id:
            raise _claimed(request)
        _free(request)
        record(events.RequestUnclaimed(**named(request)))
    return request


def _is_held(request: ApprovalRequest) -> bool:
    return request.claimed_until is not None and request.claimed_until > timezone.now()


def _free(request: ApprovalRequest) -> None:
    request.claimed_by = request.claimed_until = None
    request.save(update_fields=["claimed_by", "claimed_until"])


def _claimed(request: ApprovalRequest) -> AlreadyClaimed:
    holder, until = request.claimed_by, request.claimed_until
    assert holder is not None and until is not None  # noqa: S101, PT018
    [name] = names_of([holder]).values()
    return AlreadyClaimed(
        f"{name} has taken this on, until {by_the_clock(until, HOUR)}. "
        "Wait for them, or decide anyway.",
        details=[
            {
                "field": "claim",
                "message": f"{name} holds it.",
                "claimed_by": str(holder),
                "claimed_by_name": name,
                "claimed_until": until.isoformat(),
            }
        ],
    )


# --- snoozing: it concerns nobody else, so it is not on record


def snooze_request(*, request_id: UUID, until: datetime, actor: Actor) -> Snooze:
    require_person(actor)
    found = the_request(request_id=request_id, actor=actor)
    now = timezone.now()
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid(
            details=[{"field": "until", "message": "Name a time within the next 30 days."}]
        )
    if found.state != State.PENDING:
        raise NotOpen
    with unit(actor=actor, workspace=found.workspace_id):
        snooze: Snooze
        snooze, _ = Snooze.objects.update_or_create(
            request=found,
            person_id=actor.actor_id,
            defaults={"workspace_id": found.workspace_id, "until": until},
        )
    return snooze


def unsnooze_request(*, request_id: UUID, actor: Actor) -> None:
    require_person(actor)
    found = the_request(request_id=request_id, actor=actor)
    with unit(actor=actor, workspace=found.workspace_id):
        Snooze.objects.filter(request=found, person_id=actor.actor_id).delete()


# --- seats


def hand_over_request(*, request_id: UUID, to: UUID, actor: Actor) -> ApprovalRequest:
    """Whoever has a seat in the open stage and has not voted gives it to somebody without one."""
    found = _decidable(request_id, actor)
    with unit(actor=actor, workspace=found.workspace_id):
        sitting = sit(found.id)
        request, stage = sitting.request, _open_stage(sitting)
        me = actor.actor_id
        if me in request.excluded:
            raise SelfApproval
        if me not in sitting.seats(stage):
            raise NotYourTurn(f"You have no seat in the stage “{stage.name}” to hand over.")
        mine = sitting.vote_of(me, stage)
        if mine is not None and mine.decision != Decision.RETRACT:
            raise NotToHandOver("You have voted in this stage: your seat is taken.")
        _require_may_sit(sitting, stage, to, field="to")
        if to in sitting.seats(stage):
            raise _refused("to", "They have a seat in this stage already.")
        stage.left_people = _with(stage.left_people, me, without=to)
        stage.added_people = _with(stage.added_people, to, without=me)
        left = [each for each in sitting.stages if each.state != StageState.PASSED]
        require_staffed(left, request.excluded, sitting.people)
        _give(stage, request, [to])
        if request.claimed_by == me:
            _free(request)
    return request


def reassign_request(*, request_id: UUID, people: Sequence[UUID], actor: Actor) -> ApprovalRequest:
    """Who manages members, and has no part in it, gives seats in the open stage to more people."""
    require_person(actor)
    found = the_request(request_id=request_id, actor=actor)
    require(actor=actor, workspace_id=found.workspace_id, permission=Permission.MANAGE_MEMBERS)
    wanted = list(dict.fromkeys(people))
    if not 0 < len(wanted) <= MOST_PEOPLE:
        raise _refused("people", f"Name 1 to {MOST_PEOPLE} people.")
    with unit(actor=actor, workspace=found.workspace_id):
        sitting = sit(found.id)
        request, stage = sitting.request, _open_stage(sitting)
        if actor.actor_id in (*request.excluded, *request.co_authors):
            raise SelfApproval("Whoever has a part in it does not choose who decides on it.")
        for number, person in enumerate(wanted):
            _require_may_sit(sitting, stage, person, field=f"people.{number}")
        new = [person for person in wanted if person not in sitting.seats(stage)]
        if new:
            for person in new:
                stage.left_people = [one for one in stage.left_people if one != person]
                stage.added_people = _with(stage.added_people, person)
            _give(stage, request, new)
    return request


def _give(stage: Stage, request: ApprovalRequest, to: list[UUID]) -> None:
    stage.save(update_fields=["left_people", "added_people"])
    record(events.RequestHandedOver(**named(request), stage=stage.name, to=to))


def _with(people: list[UUID], one: UUID, *, without: UUID | None = None) -> list[UUID]:
    return [*(each for each in people if each not in (one, without)), one]


def _require_may_sit(sitting: Sitting, stage: Stage, person: UUID, *, field: str) -> None:
    if person not in sitting.people.roles:
        raise _refused(field, "They may not decide here: name a reviewer, an admin or an owner.")
    if person in sitting.excluded_from(stage):
        raise _refused(field, "They have a part in it, or approved an earlier stage.")


def _refused(field: str, message: str) -> Invalid:
    return Invalid(message, details=[{"field": field, "message": message}])


# --- what all of it begins with


def _decidable(request_id: UUID, actor: Actor) -> ApprovalRequest:
    require_person(actor)
    found = the_request(request_id=request_id, actor=actor)
    require(actor=actor, workspace_id=found.workspace_id, permission=Permission.DECIDE)
    return found


def _locked(request_id: UUID) -> ApprovalRequest:
    return ApprovalRequest.objects.select_for_update(of=("self",)).get(id=request_id)


def _pending(request_id: UUID) -> ApprovalRequest:
    request = _locked(request_id)
    if request.state != State.PENDING:
        raise NotOpen
    return request


def _open_stage(sitting: Sitting) -> Stage:
    if sitting.request.state != State.PENDING or sitting.stage is None:
        raise NotOpen
    return sitting.stage
