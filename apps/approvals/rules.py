"""Counting votes, staffing stages, reckoning business hours. Pure."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from apps.accounts.choices import Role
from apps.approvals.choices import Decision, Outcome, State

LEGAL: dict[State, frozenset[State]] = {
    State.PENDING: frozenset(
        {
            *(State.CHANGES_REQUESTED, State.ALLOWED, State.DENIED),
            *(State.EXPIRED, State.CANCELLED, State.SUPERSEDED),
        }
    ),
    State.ALLOWED: frozenset({State.EFFECTIVE, State.PENDING, State.DENIED, State.CANCELLED}),
    State.EFFECTIVE: frozenset({State.CONSUMED, State.INVALIDATED, State.DENIED}),
}
"""Every other move is refused, also by a trigger in the database."""


def outcome_of(state: str) -> Outcome | None:
    """What whoever waits is told. None: not yet. What is allowed may still be taken back, so only
    once it is effective is anybody told so."""
    match State(state):
        case State.PENDING | State.ALLOWED:
            return None
        case State.EFFECTIVE | State.CONSUMED:
            return Outcome.ALLOWED
        case State.INVALIDATED:
            return Outcome.CANCELLED
        case other:
            return Outcome(other.value)


# --- votes


class Result(StrEnum):
    UNDECIDED = "undecided"
    PASSED = "passed"
    DENIED = "denied"
    CHANGES = "changes"


@dataclass(frozen=True, kw_only=True)
class Ballot:
    """What is said from one seat of the open stage."""

    seat: UUID
    decision: str
    co_author: bool = False


@dataclass(frozen=True, kw_only=True)
class Tally:
    result: Result
    approvals: int
    needed: int
    """Approvals that are still missing."""
    stuck: bool = False
    """Nobody is left who could give them."""


def tally(ballots: Iterable[Ballot], *, quorum: int, seats: Collection[UUID]) -> Tally:
    """Whoever edited what is decided on may approve it, but not be the only one who does.

    As many as approve it also deny it; so do fewer, when too few are left to approve. One request
    for changes is enough. A veto is not counted: it ends everything where it is cast.
    """
    said: dict[str, set[UUID]] = {decision: set() for decision in Decision}
    independent = 0
    for ballot in ballots:
        if ballot.seat in seats:
            said[ballot.decision].add(ballot.seat)
            independent += ballot.decision == Decision.APPROVE and not ballot.co_author
    approving, against = said[Decision.APPROVE], said[Decision.REJECT]
    needed = max(quorum - len(approving), 0 if independent else 1)
    undecided = set(seats) - approving - against - said[Decision.ABSTAIN]
    result = Result.UNDECIDED
    if said[Decision.REQUEST_CHANGES]:
        result = Result.CHANGES
    elif needed == 0:
        result = Result.PASSED
    elif against and (len(against) >= quorum or needed > len(undecided)):
        result = Result.DENIED
    return Tally(
        result=result,
        approvals=len(approving),
        needed=needed,
        stuck=result == Result.UNDECIDED and needed > len(undecided),
    )


# --- who may


def may_sit(role: str, roles: Collection[str]) -> bool:
    """Whoever stands above a role may do what it may. No role named (nor a person): everybody who
    decides at all."""
    return any(Role(role).reaches(wanted) for wanted in roles)


def lacking(stages: Sequence[tuple[int, Collection[UUID]]]) -> dict[int, int]:
    """How many people which stage lacks, where each person sits in one stage only. Stages are
    (quorum, who may sit in it); one that lacks nobody is left out."""
    seated: dict[UUID, int] = {}
    lacks: dict[int, int] = {}

    def seat(stage: int, tried: set[UUID]) -> bool:
        for person in sorted(stages[stage][1]):
            if person in tried:
                continue
            tried.add(person)
            if person not in seated or seat(seated[person], tried):
                seated[person] = stage
                return True
        return False

    for stage, (quorum, _) in enumerate(stages):
        missing = sum(1 for _ in range(quorum) if not seat(stage, set()))
        if missing:
            lacks[stage] = missing
    return lacks


# --- digests


def view_digest(
    *,
    content: str,
    stages: Sequence[Mapping[str, Any]],
    excluded: Collection[UUID],
    co_authors: Collection[UUID],
) -> str:
    """What a vote is bound to: the content and its bases, and what is required of it."""
    seen = {
        "content": content,
        "stages": list(stages),
        "excluded": sorted(map(str, excluded)),
        "co_authors": sorted(map(str, co_authors)),
    }
    return hashlib.sha256(orjson.dumps(seen, option=orjson.OPT_SORT_KEYS)).hexdigest()


# --- time

FARTHEST = timedelta(days=5 * 365)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Business hours, of one zone, within one day."""

    days: tuple[str, ...]
    start: time
    end: time
    zone: str

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Hours":
        return cls(
            days=tuple(kept["days"]),
            start=time.fromisoformat(kept["start"]),
            end=time.fromisoformat(kept["end"]),
            zone=kept["zone"],
        )


def first_at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """When clocks there first show so much or, where they are set forward past it, more."""
    shown = datetime.combine(day, clock, zone)
    late = shown.astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
        return late
    early = shown.replace(fold=1).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while (step := (late - early) // 2) > timedelta(0):
        middle = early + step
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def after(begin: datetime, minutes: int, hours: Hours | None) -> datetime:
    """So many minutes later, of which only those of business hours count; five years later at the
    latest. A day on which clocks are changed is as long as it is."""
    left, latest = timedelta(minutes=minutes), begin + FARTHEST
    if hours is None:
        return min(begin + left, latest)
    zone = ZoneInfo(hours.zone)
    day, last = begin.astimezone(zone).date(), latest.astimezone(zone).date()
    while day <= last:
        if DAYS[day.weekday()] in hours.days:
            opens = max(first_at(day, hours.start, zone).astimezone(begin.tzinfo), begin)
            closes = first_at(day, hours.end, zone).astimezone(begin.tzinfo)
            if opens < closes:
                if left <= closes - opens:
                    return min(opens + left, latest)
                left -= closes - opens
        day += timedelta(days=1)
    return latest


def next_daily(moment: datetime, clock: time, zone: str) -> datetime:
    """When clocks there next show so much."""
    there = ZoneInfo(zone)
    day = moment.astimezone(there).date()
    while (found := first_at(day, clock, there)) <= moment:
        day += timedelta(days=1)
    return found


def quiet_end(moment: datetime, begins: time, ends: time, zone: str) -> datetime | None:
    """When the quiet hours end in which it is then. None: it is not in them."""
    there = ZoneInfo(zone)
    shown = moment.astimezone(there)
    clock = shown.time()
    quiet = begins <= clock < ends if begins < ends else clock >= begins or clock < ends
    if not quiet:
        return None
    tomorrow = begins > ends and clock >= begins
    end = first_at(shown.date() + timedelta(days=tomorrow), ends, there)
    return end if end > moment else None


def next_reminder(
    moment: datetime, *, opened: datetime, due: datetime | None, expires: datetime | None
) -> datetime | None:
    """When it is due and, before it expires, when a quarter of its time or a day is left."""
    moments = [due]
    if expires is not None:
        moments.append(expires - min((expires - opened) / 4, timedelta(days=1)))
    return min((found for found in moments if found and found > moment), default=None)
