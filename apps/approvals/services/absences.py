"""Who is away, and who decides in their seat meanwhile.

Nobody stands in for somebody who stands in: a delegate decides from the seat of who named them, and
from no other. What a delegate may not decide on (their own proposals) stays so in any seat.
"""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import ActorKind, Permission
from apps.accounts.models import Membership
from apps.accounts.selectors.standing import require, require_permission, require_person
from apps.approvals import events
from apps.approvals.errors import AbsenceOverlaps, DelegateUnfit
from apps.approvals.models.people import Absence
from apps.approvals.selectors.people import absences_of
from apps.common.actors import Actor
from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.ledger.services import record, unit


def set_absence(
    *,
    workspace_id: UUID,
    person: UUID,
    begins_at: datetime,
    ends_at: datetime,
    delegate: UUID | None,
    actor: Actor,
) -> Absence:
    """One's own or, for who manages members, that of somebody who does not stand above them."""
    require_person(actor)
    if ends_at <= begins_at or ends_at <= timezone.now():
        message = "It has to end after it begins, and not in the past."
        raise Invalid(details=[{"field": "ends_at", "message": message}])
    with unit(actor=actor, workspace=workspace_id):
        members = _locked(workspace_id, {person, delegate or person, actor.actor_id})
        _require_may_set(members, workspace_id, person, actor)
        if delegate is not None:
            _require_fit(members, workspace_id, person, delegate, actor)
        mine = Absence.objects.filter(workspace_id=workspace_id, person_id=person)
        if other := mine.during(begins_at, ends_at).first():
            raise AbsenceOverlaps(details=[_told("begins_at", other)])
        theirs = Absence.objects.filter(workspace_id=workspace_id, person_id=delegate or person)
        if other := theirs.during(begins_at, ends_at).first():
            raise DelegateUnfit(
                "Whoever stands in is away themselves in this time: name somebody else.",
                details=[_told("delegate", other)],
            )
        absence = Absence.objects.create(
            workspace_id=workspace_id,
            person_id=person,
            delegate_id=delegate,
            begins_at=begins_at,
            ends_at=ends_at,
        )
        record(
            events.AbsenceSet(
                absence=absence.id,
                person=person,
                delegate=delegate,
                begins_at=begins_at,
                ends_at=ends_at,
            )
        )
    return absence


def end_absence(*, absence_id: UUID, workspace_id: UUID, actor: Actor) -> None:
    """They are back, or do not go. What was decided in their seat stays."""
    require_person(actor)
    with unit(actor=actor, workspace=workspace_id):
        found = absences_of(workspace_id=workspace_id, actor=actor)
        absence = found.select_for_update(of=("self",)).filter(id=absence_id).first()
        if absence is None:
            raise NotFound
        members = _locked(workspace_id, {absence.person_id, actor.actor_id})
        _require_may_set(members, workspace_id, absence.person_id, actor)
        now = timezone.now()
        if absence.begins_at < now:
            absence.ends_at = now
            absence.save(update_fields=["ends_at"])
        else:
            absence.delete()
        record(events.AbsenceEnded(absence=absence_id, person=absence.person_id))


def _locked(workspace_id: UUID, people: set[UUID]) -> dict[UUID, Membership]:
    """In one order, so that two who name each other do not both succeed."""
    rows = Membership.objects.filter(workspace_id=workspace_id, user_id__in=people)
    rows = rows.select_for_update(of=("self",)).select_related("user").order_by("id")
    return {row.user_id: row for row in rows}


def _require_may_set(
    members: dict[UUID, Membership], workspace_id: UUID, person: UUID, actor: Actor
) -> None:
    standing = require(actor=actor, workspace_id=workspace_id, permission=Permission.WRITE)
    if person == actor.actor_id:
        return
    require_permission(standing, Permission.MANAGE_MEMBERS)
    absent = members.get(person)
    if absent is None or absent.user.kind != ActorKind.PERSON:
        message = "This is no person of the workspace."
        raise Invalid(details=[{"field": "person", "message": message}])
    if not standing.role.reaches(absent.role):
        raise NotAllowed("You cannot say that somebody is away who stands above you.")


def _require_fit(
    members: dict[UUID, Membership],
    workspace_id: UUID,
    person: UUID,
    delegate: UUID,
    actor: Actor,
) -> None:
    """A seat comes from whoever has it: nobody takes another's for themselves."""
    decides = Membership.objects.permitting(Permission.DECIDE).filter(workspace_id=workspace_id)
    because = ""
    if delegate == person:
        because = "Nobody stands in for themselves."
    elif person != actor.actor_id and delegate == actor.actor_id:
        because = "Only they themselves can name you: name somebody else."
    elif delegate not in members or not decides.filter(user_id=delegate).exists():
        because = "Only a person of the workspace who may decide stands in."
    elif members[delegate].user.kind != ActorKind.PERSON:
        because = "An agent does not decide for anybody."
    if because:
        raise DelegateUnfit(details=[{"field": "delegate", "message": because}])


def _told(field: str, other: Absence) -> dict[str, str]:
    begins, ends = other.begins_at.isoformat(), other.ends_at.isoformat()
    return {
        "field": field,
        "message": f"From {begins} until {ends}.",
        "absence": str(other.id),
        "begins_at": begins,
        "ends_at": ends,
    }
