"""How those who propose have fared: of their latest requests here, in a query; and of what was
decided lately, counted by the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from uuid import UUID

from django.db.models import Aggregate, Count, DurationField, Exists, F, OuterRef, Q
from django.utils import timezone

from apps.accounts.selectors.names import Person, people_named
from apps.approvals.choices import Because, Decision, State
from apps.approvals.models.requests import ApprovalRequest, RequestQuerySet, Vote
from apps.common.actors import Actor
from apps.common.ids import first_id_at

LATEST = 200
"""Requests of one proposer that its record is made of."""
LATELY = timedelta(days=30)
BY_PEOPLE = (Because.VOTES, Because.VETO)
ACCEPTED = (State.ALLOWED, State.EFFECTIVE, State.CONSUMED)


@dataclass(frozen=True, kw_only=True)
class Decided:
    state: str
    opened_at: datetime
    settled_at: datetime | None
    """None: what was decided was taken back, and is open again."""
    overturned: bool
    """Undone or vetoed after it was allowed, or found not sound afterwards."""

    @property
    def took(self) -> timedelta:
        return (self.settled_at or self.opened_at) - self.opened_at


@dataclass(frozen=True)
class Record:
    latest: Sequence[Decided]
    """The newest first."""

    @cached_property
    def decided(self) -> list[Decided]:
        return [each for each in self.latest if each.settled_at]

    @property
    def accepted(self) -> int:
        return sum(each.state in ACCEPTED for each in self.decided)

    @property
    def accepted_share(self) -> int | None:
        """In percent. None: nothing was decided yet."""
        return round(100 * self.accepted / len(self.decided)) if self.decided else None

    @property
    def sent_back(self) -> int:
        return sum(each.state == State.CHANGES_REQUESTED for each in self.decided)

    @property
    def overturned(self) -> int:
        return sum(each.overturned for each in self.latest)

    @property
    def median(self) -> timedelta | None:
        if not self.decided:
            return None
        return timedelta(seconds=median(each.took.total_seconds() for each in self.decided))


def record_of(proposer: UUID, *, workspace_id: UUID, actor: Actor) -> Record:
    """Of what people decided. What lapsed, was withdrawn or superseded says nothing of it."""
    seen = ApprovalRequest.objects.visible_to(actor).filter(workspace_id=workspace_id)
    settled = Q(because__in=BY_PEOPLE, settled_at__isnull=False) | Q(because=Because.UNDONE)
    undone = Vote.objects.filter(request=OuterRef("pk"), decision=Decision.RETRACT)
    rows = (
        seen.filter(settled, proposer_id=proposer)
        .annotate(undone=Exists(undone), sound=F("after_review__sound"))
        .order_by("-id")
        .values_list(
            *("state", "because", "opened_at", "settled_at", "effective_at", "undone", "sound")
        )
    )
    return Record(
        [
            Decided(
                state=state,
                opened_at=opened_at,
                settled_at=settled_at,
                overturned=undone
                or sound is False
                or (because == Because.VETO and effective_at is not None),
            )
            for state, because, opened_at, settled_at, effective_at, undone, sound in rows[:LATEST]
        ]
    )


# --- of everybody, lately


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, kw_only=True)
class Lately:
    decided: int
    denied: int
    median: timedelta | None


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    proposer: Person
    decided: int
    accepted: int

    @property
    def percent(self) -> int:
        return round(100 * self.accepted / self.decided)


def decided_lately(actor: Actor) -> RequestQuerySet:
    """Of what was asked lately, wherever the actor sees it, what people decided."""
    seen = ApprovalRequest.objects.visible_to(actor)
    recent = seen.filter(id__gte=first_id_at(timezone.now() - LATELY))
    return recent.filter(because__in=BY_PEOPLE, settled_at__isnull=False)


def counted_lately(actor: Actor) -> Lately:
    counted = decided_lately(actor).aggregate(
        decided=Count("id"),
        denied=Count("id", filter=Q(state=State.DENIED)),
        median=Median(F("settled_at") - F("opened_at")),
    )
    return Lately(**counted)


def agents_by_acceptance(actor: Actor, *, most: int) -> list[Acceptance]:
    """Those first about whom most was decided."""
    rows = (
        decided_lately(actor)
        .filter(proposer_kind="agent")
        .order_by()
        .values("proposer_id")
        .annotate(decided=Count("id"), accepted=Count("id", filter=Q(state__in=ACCEPTED)))
        .order_by("-decided", "proposer_id")[:most]
    )
    counted = [(row["proposer_id"], row["decided"], row["accepted"]) for row in rows]
    names = people_named(proposer for proposer, _, _ in counted)
    return [
        Acceptance(proposer=names[proposer], decided=decided, accepted=accepted)
        for proposer, decided, accepted in counted
    ]
