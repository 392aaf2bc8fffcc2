"""What happens to approvals: ids, digests, counts and labels, never what somebody wrote."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class OfRequest:
    request: UUID
    subject_kind: str
    subject: UUID


@dataclass(frozen=True, kw_only=True)
class RequestOpened(OfRequest, Event):
    type = "approvals.request.opened"
    sentence = "{actor} asked {workspace} for approval of a {subject_kind}"
    proposer: UUID
    risk: str
    stages: list[str]
    view_digest: str
    follows: UUID | None
    """The request that this one takes up again."""
    part_of: UUID | None
    """The request that accepted only a part, of which this is the rest."""


@dataclass(frozen=True, kw_only=True)
class VoteCast(OfRequest, Event):
    type = "approvals.vote.cast"
    sentence = "{actor} voted on a {subject_kind} in {workspace}: {decision}"
    vote: UUID
    stage: str
    decision: str
    via: str
    view_digest: str
    instead_of: UUID | None
    """The absent person whose seat it was."""
    changed: bool
    """It took the place of an earlier vote of the same person."""


@dataclass(frozen=True, kw_only=True)
class StagePassed(OfRequest, Event):
    type = "approvals.stage.passed"
    sentence = "A {subject_kind} in {workspace} passed the stage {stage}"
    stage: str
    left: int
    """How many stages are still to come."""


@dataclass(frozen=True, kw_only=True)
class Settled(OfRequest):
    because: str
    view_digest: str


@dataclass(frozen=True, kw_only=True)
class RequestAllowed(Settled, Event):
    type = "approvals.request.allowed"
    sentence = "A {subject_kind} in {workspace} was approved"
    effective_at: datetime


@dataclass(frozen=True, kw_only=True)
class RequestEffective(Settled, Event):
    """From now on it is acted on."""

    type = "approvals.request.effective"
    sentence = "The approval of a {subject_kind} in {workspace} took effect"


@dataclass(frozen=True, kw_only=True)
class RequestConsumed(Settled, Event):
    """It was acted on, in the same unit of work."""

    type = "approvals.request.consumed"
    sentence = "An approved {subject_kind} in {workspace} was carried out"


@dataclass(frozen=True, kw_only=True)
class RequestInvalidated(Settled, Event):
    type = "approvals.request.invalidated"
    sentence = "The approval of a {subject_kind} in {workspace} does not hold any more: {because}"


@dataclass(frozen=True, kw_only=True)
class RequestDenied(Settled, Event):
    type = "approvals.request.denied"
    sentence = "A {subject_kind} in {workspace} was denied: {because}"


@dataclass(frozen=True, kw_only=True)
class ChangesRequested(Settled, Event):
    type = "approvals.request.changes_requested"
    sentence = "{actor} asked for changes of a {subject_kind} in {workspace}"


@dataclass(frozen=True, kw_only=True)
class RequestExpired(Settled, Event):
    type = "approvals.request.expired"
    sentence = "The time to decide on a {subject_kind} in {workspace} ran out: nobody denied it"


@dataclass(frozen=True, kw_only=True)
class RequestCancelled(Settled, Event):
    type = "approvals.request.cancelled"
    sentence = "A {subject_kind} in {workspace} is not asked for any more: {because}"


@dataclass(frozen=True, kw_only=True)
class RequestSuperseded(Settled, Event):
    type = "approvals.request.superseded"
    sentence = "A newer {subject_kind} took the place of one in {workspace}"
    by: UUID | None
    """The request that took its place. None: what did needs no approval."""


@dataclass(frozen=True, kw_only=True)
class RequestReopened(Settled, Event):
    """A decision was taken back, or those who took it may not decide any more."""

    type = "approvals.request.reopened"
    sentence = "A {subject_kind} in {workspace} is open again: {because}"


@dataclass(frozen=True, kw_only=True)
class RequestReshaped(OfRequest, Event):
    """Its content was changed under review: votes begin anew."""

    type = "approvals.request.reshaped"
    sentence = "{actor} changed a {subject_kind} under review in {workspace}"
    before: str
    view_digest: str
    edited: bool
    """Otherwise it was narrowed to some of its operations."""
    rest: UUID | None


@dataclass(frozen=True, kw_only=True)
class RequirementsChanged(OfRequest, Event):
    """The policy was changed, and asks for something else: votes begin anew."""

    type = "approvals.request.requirements_changed"
    sentence = "The policy of {workspace} asks for something else of a {subject_kind}: {stages}"
    before: str
    view_digest: str
    stages: list[str]
    policy_digest: str


@dataclass(frozen=True, kw_only=True)
class RequestRescheduled(OfRequest, Event):
    """The policy was changed, and asks for the same with another clock: votes stay."""

    type = "approvals.request.rescheduled"
    sentence = "The policy of {workspace} gives a {subject_kind} other times: {stage}"
    stage: str
    due_at: datetime | None
    expires_at: datetime | None
    policy_digest: str


@dataclass(frozen=True, kw_only=True)
class RequestStuck(OfRequest, Event):
    """Too few people are left who may decide on it."""

    type = "approvals.request.stuck"
    sentence = "Too few people are left in {workspace} to decide on a {subject_kind}: {stage}"
    stage: str
    lacks: int


@dataclass(frozen=True, kw_only=True)
class RequestClaimed(OfRequest, Event):
    type = "approvals.request.claimed"
    sentence = "{actor} took on a {subject_kind} in {workspace}"
    until: datetime


@dataclass(frozen=True, kw_only=True)
class RequestUnclaimed(OfRequest, Event):
    type = "approvals.request.unclaimed"
    sentence = "A {subject_kind} in {workspace} is free to be taken on"


@dataclass(frozen=True, kw_only=True)
class RequestHandedOver(OfRequest, Event):
    """Somebody gave their seat away, or a manager gave out seats."""

    type = "approvals.request.handed_over"
    sentence = "{actor} handed over a {subject_kind} in {workspace}"
    stage: str
    to: list[UUID]


@dataclass(frozen=True, kw_only=True)
class RequestEscalated(OfRequest, Event):
    type = "approvals.request.escalated"
    sentence = "A {subject_kind} in {workspace} was escalated to {to}"
    stage: str
    rung: int
    to: list[str]


@dataclass(frozen=True, kw_only=True)
class RequestOverdue(OfRequest, Event):
    type = "approvals.request.overdue"
    sentence = "A {subject_kind} in {workspace} is overdue: {stage}"
    stage: str


@dataclass(frozen=True, kw_only=True)
class CommentAdded(OfRequest, Event):
    type = "approvals.comment.added"
    sentence = "{actor} wrote about a {subject_kind} in {workspace}"
    comment: UUID
    said: str
    reply_to: UUID | None
    mentions: list[UUID]
    attachments: int
    operation: int | None
    """Of which it was said. None: of the whole."""
    side: str
    line: int | None
    required: bool
    """Nobody approves until it is resolved."""


@dataclass(frozen=True, kw_only=True)
class OfThread(OfRequest):
    comment: UUID
    """That began it."""
    operation: int | None
    required: bool


@dataclass(frozen=True, kw_only=True)
class ThreadResolved(OfThread, Event):
    type = "approvals.thread.resolved"
    sentence = "{actor} resolved a thread about a {subject_kind} in {workspace}"


@dataclass(frozen=True, kw_only=True)
class ThreadReopened(OfThread, Event):
    type = "approvals.thread.reopened"
    sentence = "{actor} opened a thread about a {subject_kind} in {workspace} again"


@dataclass(frozen=True, kw_only=True)
class GlassBroken(OfRequest, Event):
    """Somebody acted before others had decided. Its reason is sealed with the review."""

    type = "approvals.glass.broken"
    sentence = "{actor} acted on a {subject_kind} in {workspace} before anybody decided"
    review: UUID
    review_by: datetime


@dataclass(frozen=True, kw_only=True)
class ReviewOwed(OfRequest, Event):
    """What the policy let pass was drawn for a later look."""

    type = "approvals.review.owed"
    sentence = "A {subject_kind} in {workspace} was drawn for a later look"
    review: UUID
    review_by: datetime


@dataclass(frozen=True, kw_only=True)
class ReviewOverdue(OfRequest, Event):
    type = "approvals.review.overdue"
    sentence = "Nobody has looked afterwards at a {subject_kind} in {workspace}: it is overdue"
    review: UUID


@dataclass(frozen=True, kw_only=True)
class ReviewDone(OfRequest, Event):
    type = "approvals.review.done"
    sentence = "{actor} looked at a {subject_kind} in {workspace} afterwards"
    review: UUID
    sound: bool
    apart: bool
    """Otherwise whoever looked had a part in it, since nobody without one was left."""


@dataclass(frozen=True, kw_only=True)
class AbsenceSet(Event):
    type = "approvals.absence.set"
    sentence = "{person} is away from {workspace}"
    absence: UUID
    person: UUID
    delegate: UUID | None
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class AbsenceEnded(Event):
    type = "approvals.absence.ended"
    sentence = "{person} is back in {workspace}"
    absence: UUID
    person: UUID


@dataclass(frozen=True, kw_only=True)
class AttentionChanged(Event):
    type = "approvals.attention.changed"
    sentence = "{person} changed how they are asked: {fields}"
    person: UUID
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class TourSeen(Event):
    """Somebody was shown around the console, or would not be."""

    type = "approvals.tour.seen"
    sentence = "{person} was shown around the console"
    person: UUID
