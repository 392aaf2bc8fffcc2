"""Who may decide: people of the workspace whose role permits it, where a stage has a seat for them,
and who stands in for whom.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from apps.accounts.choices import Permission
from apps.accounts.models import Membership
from apps.approvals.choices import Decision, StageState
from apps.approvals.models.people import Absence
from apps.approvals.models.requests import ApprovalRequest, Stage, Vote, seat_of
from apps.approvals.rules import Ballot, Tally, may_sit, tally


@dataclass(frozen=True, kw_only=True)
class Electorate:
    """Of one workspace, as it is now."""

    workspace_id: UUID
    roles: Mapping[UUID, str]
    """Everybody who may decide anything here, by their role."""

    @cached_property
    def stand_ins(self) -> Mapping[UUID, UUID]:
        """Who is away, and who may decide in their seat. Asked only where it matters."""
        away = Absence.objects.filter(workspace_id=self.workspace_id, delegate_id__isnull=False)
        return dict(away.now().order_by("id").values_list("person_id", "delegate_id"))

    def seats(self, stage: Stage, excluded: Collection[UUID]) -> frozenset[UUID]:
        """Whose decision the stage takes."""
        anybody = not (stage.roles or stage.people)
        roles = {*stage.roles, *stage.added_roles}
        people = {*stage.people, *stage.added_people}
        gone = {*excluded, *stage.left_people} - set(stage.added_people) | set(excluded)
        return frozenset(
            person
            for person, role in self.roles.items()
            if person not in gone and (anybody or person in people or may_sit(role, roles))
        )

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
    deciders = Membership.objects.people_permitting(Permission.DECIDE)
    people = deciders.filter(workspace_id=workspace_id)
    return Electorate(workspace_id=workspace_id, roles=dict(people.values_list("user_id", "role")))


@dataclass(kw_only=True)
class Sitting:
    """A request and what decides on it: its stages, standing votes, and who may vote."""

    request: ApprovalRequest
    stages: list[Stage]
    """Of the present round, in order."""
    votes: list[Vote]
    """Standing ones, of the present round."""
    people: Electorate

    @property
    def stage(self) -> Stage | None:
        """The one that is open."""
        return next((stage for stage in self.stages if stage.state == StageState.OPEN), None)

    @property
    def last_stage(self) -> Stage | None:
        """The open one, or the one that was decided last."""
        begun = [stage for stage in self.stages if stage.opened_at]
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
        mine = (v for v in self.votes if v.stage_id == stage.id and v.voter_id == person)
        return next(mine, None)

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
    return sittings_of([request], people or electorate_of(request.workspace_id))[0]


def sittings_of(requests: Sequence[ApprovalRequest], people: Electorate) -> list[Sitting]:
    """Of one workspace, in two queries."""
    ids = [request.id for request in requests]
    stages = _grouped(Stage.objects.filter(request__in=ids).current())
    current = {stage.id for found in stages.values() for stage in found}
    standing = Vote.objects.standing().filter(request__in=ids).order_by("at", "id")
    votes = _grouped(vote for vote in standing if vote.stage_id in current)
    return [
        Sitting(
            request=request,
            stages=stages.get(request.id, []),
            votes=votes.get(request.id, []),
            people=people,
        )
        for request in requests
    ]


def _grouped(rows: Iterable[Stage] | Iterable[Vote]) -> dict[UUID, list]:  # type: ignore[type-arg]
    found: dict[UUID, list] = {}  # type: ignore[type-arg]
    for row in rows:
        found.setdefault(row.request_id, []).append(row)
    return found
