"""Which requests there are, and which of them wait on somebody: SQL alone, however many there are.

What waits on somebody is asked with the same questions as `Electorate.seats`, over the open stages.
"""

from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from apps.accounts.choices import Permission, Role
from apps.accounts.models import Membership
from apps.accounts.selectors.standing import require
from apps.approvals.choices import Decision, StageState
from apps.approvals.models.people import Absence, Snooze
from apps.approvals.models.requests import DUE, ApprovalRequest, RequestQuerySet, Stage, Vote
from apps.approvals.selectors.electorate import Electorate, electorate_of
from apps.common.actors import Actor


def requests_of(*, workspace_id: UUID, actor: Actor, **asked: Any) -> RequestQuerySet:
    """`asked`: equal to what is given. They can be ordered by `due`, `risk` and `id`, which is
    their age."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = ApprovalRequest.objects.visible_to(actor).filter(workspace_id=workspace_id, **asked)
    return found.annotate(due=DUE, risk=F("risk_score"))


def waiting_on(
    actor: Actor, requests: RequestQuerySet, *, workspace_id: UUID, people: Electorate | None = None
) -> RequestQuerySet:
    """Those in whose open stage they have a seat, or stand in for who has, and have not decided on
    what is shown now. Without what they have snoozed."""
    me, people = actor.actor_id, people or electorate_of(workspace_id)
    if me not in people.roles:
        return requests.none()
    mine = _seated(me, people.roles[me])
    for seat, other in people.stand_ins.items():
        if other == me and seat in people.roles:
            mine |= _seated(seat, people.roles[seat]) & _undecided(seat)
    return with_a_seat(requests, actor, mine)


def waiting_anywhere(actor: Actor) -> RequestQuerySet:
    """The same in all workspaces that they may see, however many."""
    requests = ApprovalRequest.objects.visible_to(actor)
    return with_a_seat(requests, actor, seats_anywhere(actor))


def seats_anywhere(actor: Actor) -> Q:
    """The stages in which they sit, or stand in for who does: one question for each role."""
    me = actor.actor_id
    deciders = Membership.objects.people_permitting(Permission.DECIDE)
    places = dict(deciders.filter(user_id=me).values_list("workspace_id", "role"))
    mine = Q(pk__in=[])
    for role in set(places.values()):
        here = [place for place, held in places.items() if held == role]
        mine |= Q(workspace__in=here) & _seated(me, role)
    away = Absence.objects.filter(delegate_id=me, workspace__in=places).now()
    seats = deciders.filter(
        Exists(away.filter(person_id=OuterRef("user_id"), workspace=OuterRef("workspace")))
    )
    for place, seat, role in seats.values_list("workspace_id", "user_id", "role"):
        mine |= Q(workspace=place) & _seated(seat, role) & _undecided(seat)
    return mine


def with_a_seat(requests: RequestQuerySet, actor: Actor, seats: Q) -> RequestQuerySet:
    """Of requests that they may see: `seats` are the stages in which they decide."""
    me = actor.actor_id
    snoozed = Snooze.objects.filter(
        request=OuterRef("request_id"), person_id=me, until__gt=timezone.now()
    )
    stages = Stage.objects.filter(
        seats, _undecided(me), ~Exists(snoozed), request=OuterRef("pk"), state=StageState.OPEN
    )
    # As a value, it is looked up for one request after the other, in the order of an index, until a
    # page is full; EXISTS would be asked of all of them first.
    found = requests.pending().exclude(excluded__contains=[me])
    return found.alias(seat=Subquery(stages.values("pk")[:1])).filter(seat__isnull=False)


def _seated(person: UUID, role: str) -> Q:
    """In the words of `Electorate.seats`, of a stage."""
    held = _reached_by(role)
    anybody = Q(roles=[], people=[])
    added = Q(added_people__contains=[person])
    by_name = Q(people__contains=[person]) | added
    by_role = Q(roles__overlap=held) | Q(added_roles__overlap=held)
    stayed = ~Q(left_people__contains=[person]) | added
    return (anybody | by_name | by_role) & stayed & ~Q(request__excluded__contains=[person])


def _undecided(person: UUID) -> Q:
    """Nothing said from this seat on what is shown now, and no stage passed by it."""
    theirs = Q(voter_id=person) | Q(instead_of=person)
    votes = Vote.objects.standing().filter(theirs)
    said = votes.filter(stage=OuterRef("pk"), view_digest=OuterRef("request__view_digest")).exclude(
        decision=Decision.RETRACT
    )
    approved = votes.filter(
        request=OuterRef("request_id"), decision=Decision.APPROVE, stage__state=StageState.PASSED
    )
    return ~Q(Exists(said)) & ~Q(Exists(approved))


def _reached_by(role: str) -> list[str]:
    return [str(other) for other in Role if Role(role).reaches(other)]
