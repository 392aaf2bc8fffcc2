"""What came of requests, for whoever waits: of many at once, in a handful of queries."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Q

from apps.accounts.selectors.names import Person, people_named
from apps.approvals.choices import Because
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.approvals.selectors.discussion import NOTHING_OPEN, still_open
from apps.approvals.selectors.seen import texts_of


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a request stands, and if it has ended, how."""

    request: ApprovalRequest
    decided_by: Person | None = None
    comment: str = ""
    followed_by: UUID | None = None
    rest: UUID | None = None
    open_questions: int = 0
    """That whoever proposed it is asked, and has not answered."""

    @property
    def explanation(self) -> str:
        return Because(self.request.because).label


def endings_of(ids: Collection[UUID]) -> dict[UUID, Ending]:
    """For who has asked before whether they may be seen."""
    requests = list(ApprovalRequest.objects.filter(id__in=ids))
    ended = [request for request in requests if request.outcome]
    left = still_open([request.id for request in requests if not request.outcome])
    if not ended:
        return {
            request.id: Ending(
                request=request, open_questions=left.get(request.id, NOTHING_OPEN).questions
            )
            for request in requests
        }
    people = people_named(request.settled_by for request in ended)
    comments = _comments(ended)
    after = _after([request.id for request in ended])
    return {
        request.id: Ending(
            request=request,
            decided_by=people.get(request.settled_by) if request.settled_by else None,
            comment=comments.get(request.id, ""),
            followed_by=after.get((request.id, "follows")),
            rest=after.get((request.id, "part_of")),
            open_questions=left.get(request.id, NOTHING_OPEN).questions,
        )
        for request in requests
    }


def followed_by(request: ApprovalRequest) -> UUID | None:
    """The newest request that has taken its place, or takes it up again."""
    return _after([request.id]).get((request.id, "follows")) if request.outcome else None


@dataclass(frozen=True, kw_only=True)
class Kin:
    """Other requests that one came from, or that came from it."""

    follows: UUID | None
    part_of: UUID | None
    followed_by: UUID | None
    rest: UUID | None


def kin_of(request: ApprovalRequest) -> Kin:
    after = _after([request.id])
    return Kin(
        follows=request.follows_id,
        part_of=request.part_of_id,
        followed_by=after.get((request.id, "follows")),
        rest=after.get((request.id, "part_of")),
    )


def _comments(requests: Iterable[ApprovalRequest]) -> dict[UUID, str]:
    """What was said with the vote that decided."""
    votes = Vote.objects.standing().filter(
        request__in=requests, voter_id=F("request__settled_by"), sealed__isnull=False
    )
    deciding = {vote.request_id: vote for vote in votes.order_by("at", "id")}
    texts = texts_of(deciding.values())
    return {request_id: texts[vote.id] for request_id, vote in deciding.items()}


def _after(ids: Collection[UUID]) -> dict[tuple[UUID, str], UUID]:
    """The newest of those that follow each, and of those that are the rest of it."""
    later = ApprovalRequest.objects.filter(Q(follows__in=ids) | Q(part_of__in=ids)).order_by("id")
    found: dict[tuple[UUID, str], UUID] = {}
    for id_, follows, part_of in later.values_list("id", "follows_id", "part_of_id"):
        found |= {(follows, "follows"): id_, (part_of, "part_of"): id_}
    return found
