"""Who may decide: people of the workspace whose role permits it, where a stage has a seat for them,
and who stands in for whom.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.choices import Permission
from apps.accounts.models import Membership
from apps.approvals.choices import Decision, StageState
from apps.approvals.models.people import Absence, Comment
from apps.approvals.models.requests import ApprovalRequest, Stage, Vote, seat_of
from apps.approvals.rules import Ballot, Tally, may_sit, tally
from apps.common.prepared import prepared

NAMED_THREADS = 20


class Absences:
    """Who is away in some workspaces, and who may decide in their seat. Asked only where it
    matters, and then of all of them at once."""

    def __init__(self, workspaces: Collection[UUID]) -> None:
        self._workspaces = workspaces

    def of(self, workspace_id: UUID) -> Mapping[UUID, UUID]:
        return self._found.get(workspace_id, {})

    @cached_property
    def _found(self) -> dict[UUID, dict[UUID, UUID]]:
        away = Absence.objects.filter(workspace__in=self._workspaces)
        found: dict[UUID, dict[UUID, UUID]] = {}
        for row in away.now().order_by("id"):
            if row.delegate_id:
                found.setdefault(row.workspace_id, {})[row.person_id] = row.delegate_id
        return found


@dataclass(frozen=True, kw_only=True)
class Electorate:
    """Of one workspace, as it is now."""

    roles: Mapping[UUID, str]
    """Everybody who may decide anything here, by their role."""
    absences: Absences
    workspace_id: UUID

    @property
    def stand_ins(self) -> Mapping[UUID, UUID]:
        return self.absences.of(self.workspace_id)

    def seats(self, stage: Stage, excluded: Collection[UUID]) -> frozenset[UUID]:
        """Whose decision the stage takes."""
        anybody = not (stage.roles or stage.people)
        roles = {*stage.roles, *stage.added_roles}
        people = {*stage.people, *stage.added_people}
        gone = {*excluded, *stage.left_people} - set(stage.added_people) | set(excluded)
        by_role = (
            holders for role, holders in self._holders.items() if anybody or may_sit(role, roles)
        )
        return frozenset(people & self.roles.keys()).union(*by_role) - gone

    @cached_property
    def _holders(self) -> Mapping[str, frozenset[UUID]]:
        """Who has a role: few of them are asked about, and many people."""
        return {
            role: frozenset(person for person, held in self.roles.items() if held == role)
            for role in set(self.roles.values())
        }

    def seat_for(self, person: UUID, stage: Stage, excluded: Collection[UUID]) -> UUID | None:
        """Their own seat, or that of somebody absent for whom they stand in."""
        if person not in self.roles or person in excluded:
            return None
        seats = self.seats(stage, excluded)
        if person in seats:
            return person
        away = (absent for absent, other in self.stand_ins.items() if other == person)
        return next((absent for absent in sorted(away) if absent in seats), None)

    def may_decide_from(self, vote: Vote, stage: Stage, excluded: Collection[UUID]) -> bool:
        """Whether a vote still has its seat: of the voter, or of whom they stood in for."""
        voter, seat = vote.voter_id, seat_of(vote)
        if voter not in self.roles or voter in excluded:
            return False
        return seat in self.seats(stage, excluded)


def electorate_of(workspace_id: UUID) -> Electorate:
    return electorates_of({workspace_id})[workspace_id]


def electorates_of(workspaces: Collection[UUID]) -> dict[UUID, Electorate]:
    """Of all of them in one query."""
    roles: dict[UUID, dict[UUID, str]] = {one: {} for one in workspaces}
    for place, person, role in _deciders(workspaces=list(workspaces)):
        roles[place][person] = role
    absences = Absences(workspaces)
    return {
        place: Electorate(workspace_id=place, roles=own, absences=absences)
        for place, own in roles.items()
    }


@prepared
def _deciders(*, workspaces: list[UUID]) -> QuerySet[Membership, tuple[UUID, UUID, str]]:
    deciders = Membership.objects.people_permitting(Permission.DECIDE)
    here = deciders.filter(workspace__in=workspaces)
    return here.values_list("workspace_id", "user_id", "role")


@dataclass(kw_only=True)
class Sitting:
    """A request and what decides on it: its stages, standing votes, and who may vote."""

    request: ApprovalRequest
    stages: list[Stage]
    """Of the present round, in order."""
    votes: list[Vote]
    """Standing ones, of the present round."""
    people: Electorate

    @cached_property
    def threads(self) -> list[Comment]:
        """Some of those that are to be resolved before it may be approved."""
        return _to_resolve_first(request=self.request.id)

    @property
    def stage(self) -> Stage | None:
        """The one that is open."""
        return next((stage for stage in self.stages if stage.state == StageState.OPEN), None)

    @property
    def asked(self) -> list[Stage]:
        """Of the last round that asked anybody: what somebody has changed may need nobody now."""
        if self.stages:
            return self.stages
        stages = list(Stage.objects.filter(request=self.request).order_by("-round", "number"))
        return [stage for stage in stages if stage.round == stages[0].round]

    @property
    def last_stage(self) -> Stage | None:
        """The open one, or the one that was decided last."""
        begun = [stage for stage in self.asked if stage.opened_at]
        return begun[-1] if begun else None

    def excluded_from(self, stage: Stage) -> frozenset[UUID]:
        """Whoever approved an earlier stage does not decide in a later one as well."""
        earlier = {other.id for other in self.stages if other.number < stage.number}
        used = {
            person
            for vote in self.votes
            if vote.stage_id in earlier and vote.decision == Decision.APPROVE
            for person in (vote.voter_id, seat_of(vote))
        }
        return frozenset(used) | set(self.request.excluded)

    def seats(self, stage: Stage) -> frozenset[UUID]:
        return self.people.seats(stage, self.excluded_from(stage))

    def seat_for(self, person: UUID, stage: Stage) -> UUID | None:
        return self.people.seat_for(person, stage, self.excluded_from(stage))

    def vote_of(self, person: UUID, stage: Stage) -> Vote | None:
        votes = self.votes if self.stages else Vote.objects.standing().filter(stage=stage)
        mine = (v for v in votes if v.stage_id == stage.id and v.voter_id == person)
        return next(mine, None)

    def last_vote_of(self, person: UUID) -> Vote | None:
        """In the last stage, on what is decided."""
        stage, view = self.last_stage, self.request.view_digest
        vote = self.vote_of(person, stage) if stage else None
        return vote if vote and vote.view_digest == view else None

    def tally(self, stage: Stage) -> Tally:
        """Of votes on what is shown now, by those who may still decide. Where somebody came back
        and voted beside who stood in for them, their own vote counts."""
        excluded, view = self.excluded_from(stage), self.request.view_digest
        counting = [
            vote
            for vote in self.votes
            if vote.stage_id == stage.id
            and vote.view_digest == view
            and self.people.may_decide_from(vote, stage, excluded)
        ]
        counting.sort(key=lambda vote: vote.instead_of is None)
        by_seat = {seat_of(vote): vote for vote in counting}
        ballots = [
            Ballot(
                seat=seat,
                decision=vote.decision,
                co_author=vote.voter_id in self.request.co_authors
                or seat in self.request.co_authors,
            )
            for seat, vote in by_seat.items()
        ]
        return tally(ballots, quorum=stage.quorum, seats=self.people.seats(stage, excluded))

    @property
    def counts(self) -> list[dict[str, object]]:
        """How far each stage is."""
        return [
            {
                "name": stage.name,
                "state": stage.state,
                "approvals": counted.approvals,
                "needed": counted.needed,
            }
            for stage in self.stages
            for counted in [self.tally(stage)]
        ]


def sitting_of(request: ApprovalRequest, people: Electorate | None = None) -> Sitting:
    here = people or electorate_of(request.workspace_id)
    return sittings_of([request], {request.workspace_id: here})[0]


def sittings_of(
    requests: Sequence[ApprovalRequest], people: Mapping[UUID, Electorate]
) -> list[Sitting]:
    """In two queries, with the people of each workspace."""
    ids = [request.id for request in requests]
    if not ids:
        return []
    stages = _grouped(_current_stages(requests=ids))
    current = {stage.id for found in stages.values() for stage in found}
    votes = _grouped(vote for vote in _standing(requests=ids) if vote.stage_id in current)
    return [
        Sitting(
            request=request,
            stages=stages.get(request.id, []),
            votes=votes.get(request.id, []),
            people=people[request.workspace_id],
        )
        for request in requests
    ]


@prepared
def _to_resolve_first(*, request: UUID) -> QuerySet[Comment]:
    threads = Comment.objects.filter(request=request, required=True, resolved_at__isnull=True)
    return threads.order_by("id")[:NAMED_THREADS]


@prepared
def _current_stages(*, requests: list[UUID]) -> QuerySet[Stage]:
    return Stage.objects.filter(request__in=requests).current()


@prepared
def _standing(*, requests: list[UUID]) -> QuerySet[Vote]:
    return Vote.objects.standing().filter(request__in=requests).order_by("at", "id")


def _grouped(rows: Iterable[Stage] | Iterable[Vote]) -> dict[UUID, list]:  # type: ignore[type-arg]
    found: dict[UUID, list] = {}  # type: ignore[type-arg]
    for row in rows:
        found.setdefault(row.request_id, []).append(row)
    return found
