"""A request as a person sees it: what would change, who decides, how far it is, and what they
themselves may do now. A whole page takes as many queries as one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from apps.accounts.errors import KeysErased, PeopleOnly, Undecipherable
from apps.accounts.keyring import opener
from apps.accounts.models import User
from apps.accounts.selectors.names import Person, name_of
from apps.approvals.choices import Because, Decision, StageState, State
from apps.approvals.errors import NotOpen, NotYourTurn, SelfApproval, UndoOver
from apps.approvals.models.requests import ApprovalRequest, Stage, Vote, seat_of
from apps.approvals.ports import Summary
from apps.approvals.selectors.discussion import NOTHING_OPEN, UNREADABLE, StillOpen, still_open
from apps.approvals.selectors.electorate import Sitting, electorates_of, sittings_of
from apps.approvals.selectors.subjects import GONE, label_of, summaries_of
from apps.common.actors import NOBODY, Actor
from apps.common.errors import DomainError, NotAllowed
from apps.common.texts.hidden import spelled_out

NAMED = 50
"""So many are named of those who may decide in a stage; `may_decide_count` says how many there
are."""


@dataclass(frozen=True, kw_only=True)
class SeenVote:
    id: UUID
    stage: str
    voter: Person
    instead_of: Person | None
    decision: str
    via: str
    comment: str
    at: datetime
    counts: bool
    """It was on what is shown now, and whoever cast it may still decide."""
    operations: list[int] | None


@dataclass(frozen=True, kw_only=True)
class SeenStage:
    name: str
    state: str
    quorum: int
    approvals: int
    needed: int
    roles: list[str]
    may_decide: list[Person]
    may_decide_count: int
    rules: list[str]
    due_at: datetime | None
    expires_at: datetime | None
    passed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Turn:
    whose: str
    """ "voters", "proposer" or "nobody"."""
    people: list[Person] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class May:
    ok: bool
    code: str = ""
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Seen:
    request: ApprovalRequest
    subject_label: str
    sentence: str
    url: str
    size: str
    about: str
    proposer: Person
    settled_by: Person | None
    claimed_by: Person | None
    stages: list[SeenStage]
    votes: list[SeenVote]
    turn: Turn
    left: StillOpen
    can: Mapping[str, May]

    @property
    def because(self) -> str:
        return Because(self.request.because).label

    @property
    def votes_so_far(self) -> str:
        if not self.stages:
            return "nobody was asked"
        stage = next((each for each in self.stages if each.state == "open"), self.stages[-1])
        return f"{stage.name}: {stage.approvals} of {stage.quorum}"


def seen(requests: Sequence[ApprovalRequest], actor: Actor) -> list[Seen]:
    """Of one workspace or several."""
    told = summaries_of(requests)
    page = _Page(requests, actor)
    return [page.seen(sitting, told) for sitting in page.sittings]


class _Known(NamedTuple):
    name: str
    owner_id: UUID | None


class _Page:
    """Requests, and what is read for all of them together."""

    def __init__(self, requests: Sequence[ApprovalRequest], actor: Actor) -> None:
        self.actor = actor
        self.people = electorates_of({request.workspace_id for request in requests})
        self.sittings = sittings_of(requests, self.people)
        self.left = still_open([request.id for request in requests])
        self.texts = texts_of(vote for sitting in self.sittings for vote in sitting.votes)
        self.users = _users(self._everybody())

    def seen(self, sitting: Sitting, told: Mapping[UUID, Summary]) -> Seen:
        request = sitting.request
        summary = told.get(request.subject_id, Summary(sentence=GONE))
        seats = {stage.id: sitting.seats(stage) for stage in sitting.stages}
        return Seen(
            request=request,
            subject_label=label_of(request),
            sentence=summary.sentence,
            url=summary.url,
            size=summary.size,
            about=summary.about,
            proposer=self._person(request.proposer_id),
            settled_by=self._person(request.settled_by) if request.settled_by else None,
            claimed_by=self._claimed_by(request),
            stages=[self._stage(sitting, stage, seats[stage.id]) for stage in sitting.stages],
            votes=[
                self._vote(sitting, vote)
                for vote in sitting.votes
                if vote.decision != Decision.RETRACT
            ],
            turn=self._turn(sitting, seats),
            left=self._open_of(request),
            can=self._can(sitting),
        )

    def _stage(self, sitting: Sitting, stage: Stage, seats: frozenset[UUID]) -> SeenStage:
        tally = sitting.tally(stage)
        shown = sorted(seats)[:NAMED]
        return SeenStage(
            name=stage.name,
            state=stage.state,
            quorum=stage.quorum,
            approvals=tally.approvals,
            needed=0 if stage.state == StageState.PASSED else tally.needed,
            roles=[*stage.roles, *stage.added_roles],
            may_decide=[self._person(person) for person in shown],
            may_decide_count=len(seats),
            rules=stage.rules,
            due_at=stage.due_at,
            expires_at=stage.expires_at,
            passed_at=stage.passed_at,
        )

    def _vote(self, sitting: Sitting, vote: Vote) -> SeenVote:
        stage = next(stage for stage in sitting.stages if stage.id == vote.stage_id)
        excluded = sitting.excluded_from(stage)
        return SeenVote(
            id=vote.id,
            stage=stage.name,
            voter=self._person(vote.voter_id),
            instead_of=self._person(vote.instead_of) if vote.instead_of else None,
            decision=vote.decision,
            via=vote.via,
            comment=self.texts.get(vote.id, ""),
            at=vote.at,
            counts=vote.view_digest == sitting.request.view_digest
            and sitting.people.may_decide_from(vote, stage, excluded),
            operations=vote.operations,
        )

    def _turn(self, sitting: Sitting, seats: Mapping[UUID, frozenset[UUID]]) -> Turn:
        request, stage = sitting.request, sitting.stage
        asks = request.state == State.PENDING and self._open_of(request).questions
        if asks or request.state == State.CHANGES_REQUESTED:
            return Turn(whose="proposer", people=[self._person(request.proposer_id)])
        if request.state != State.PENDING or stage is None:
            return Turn(whose="nobody")
        said = {
            seat_of(vote)
            for vote in sitting.votes
            if vote.stage_id == stage.id
            and vote.view_digest == request.view_digest
            and vote.decision != Decision.RETRACT
        }
        left = sorted(seats[stage.id] - said)[:NAMED]
        return Turn(whose="voters", people=[self._person(person) for person in left])

    def _can(self, sitting: Sitting) -> dict[str, May]:
        """What the doors would say, without asking them: they ask again."""
        asked = {
            "vote": self._hinders_vote,
            "veto": self._hinders_veto,
            "undo": self._hinders_undo,
            "withdraw": self._hinders_withdrawal,
        }
        return {what: _may(hinders(sitting)) for what, hinders in asked.items()}

    def _hinders_vote(self, sitting: Sitting) -> DomainError | None:
        if sitting.request.state != State.PENDING or sitting.stage is None:
            return NotOpen()
        return self._hinders_deciding(sitting)

    def _hinders_veto(self, sitting: Sitting) -> DomainError | None:
        if sitting.request.state not in (State.PENDING, State.ALLOWED, State.EFFECTIVE):
            return NotOpen()
        return self._hinders_deciding(sitting, sitting.asked)

    def _hinders_deciding(
        self, sitting: Sitting, anywhere: Sequence[Stage] = ()
    ) -> DomainError | None:
        me, request = self.actor, sitting.request
        if me.actor_kind == "agent":
            return PeopleOnly()
        if me.actor_id not in sitting.people.roles:
            return NotAllowed("Your role here does not permit to decide.")
        if me.actor_id in request.excluded:
            return SelfApproval()
        if sitting.stage and sitting.seat_for(me.actor_id, sitting.stage):
            return None
        if any(sitting.people.seat_for(me.actor_id, s, request.excluded) for s in anywhere):
            return None
        return NotYourTurn()

    def _hinders_undo(self, sitting: Sitting) -> DomainError | None:
        request = sitting.request
        over = request.effective_at is None or request.effective_at <= timezone.now()
        if request.state != State.ALLOWED or over:
            return UndoOver()
        mine = sitting.last_vote_of(self.actor.actor_id)
        if mine is None or mine.decision != Decision.APPROVE:
            return NotYourTurn("Only who approved it last takes it back. Others may veto it.")
        return None

    def _hinders_withdrawal(self, sitting: Sitting) -> DomainError | None:
        request, me = sitting.request, self.actor.actor_id
        if request.state not in (State.PENDING, State.ALLOWED):
            return NotOpen()
        if me != request.proposer_id and me != self._owner_of(request.proposer_id):
            return NotAllowed("Only who proposed it, or delegated to who did, takes it back.")
        return None

    def _open_of(self, request: ApprovalRequest) -> StillOpen:
        return self.left.get(request.id, NOTHING_OPEN)

    def _claimed_by(self, request: ApprovalRequest) -> Person | None:
        if request.claimed_by is None or request.claimed_until is None:
            return None
        return self._person(request.claimed_by) if request.claimed_until > timezone.now() else None

    def _everybody(self) -> set[UUID]:
        found = {person for people in self.people.values() for person in people.roles}
        for sitting in self.sittings:
            request = sitting.request
            found |= {request.proposer_id, request.settled_by or NOBODY}
            found |= {request.claimed_by or NOBODY}
            for vote in sitting.votes:
                found |= {vote.voter_id, seat_of(vote)}
        return found - {NOBODY}

    def _person(self, user_id: UUID) -> Person:
        user = self.users.get(user_id)
        return Person(id=user_id, name=name_of(user_id, user.name if user else ""))

    def _owner_of(self, user_id: UUID) -> UUID | None:
        user = self.users.get(user_id)
        return user.owner_id if user else None


def _may(hindrance: DomainError | None) -> May:
    if hindrance is None:
        return May(ok=True)
    return May(ok=False, code=hindrance.code, because=hindrance.text)


def texts_of(votes: Iterable[Vote]) -> dict[UUID, str]:
    """What was said with votes: each workspace's keys are read once."""
    spoken = [vote for vote in votes if vote.sealed]
    open_text = {place: opener(place) for place in {vote.workspace_id for vote in spoken}}
    found = {}
    for vote in spoken:
        try:
            said = open_text[vote.workspace_id](bytes(vote.sealed or b""), vote.context).decode()
            found[vote.id] = spelled_out(said)
        except (KeysErased, Undecipherable):
            found[vote.id] = UNREADABLE
    return found


def _users(ids: Collection[UUID]) -> dict[UUID, _Known]:
    """Of large workspaces they are many."""
    found = User.objects.get_queryset().filter(id__in=ids)
    rows = found.values_list("id", "name", "owner_id")
    return {id_: _Known(name, owner_id) for id_, name, owner_id in rows}
