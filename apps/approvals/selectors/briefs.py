"""Requests in short, as the promised doors and the sockets show them, and on whom each waits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.accounts.selectors.names import Person, people_named
from apps.approvals.choices import Because, Decision, State
from apps.approvals.models.requests import ApprovalRequest, seat_of
from apps.approvals.ports import Summary
from apps.approvals.selectors.discussion import NOTHING_OPEN, StillOpen, still_open
from apps.approvals.selectors.electorate import Electorate, Sitting, electorates_of, sittings_of
from apps.approvals.selectors.listing import Asked, Listing
from apps.approvals.selectors.queue import waiting_anywhere
from apps.approvals.selectors.subjects import GONE, label_of, summaries_of
from apps.common.actors import Actor


@dataclass(frozen=True, kw_only=True)
class Brief:
    request: ApprovalRequest
    shown: Mapping[str, Any]
    waits_on: frozenset[UUID]
    """Who may decide now, and has not: those with a seat, and those who stand in for them."""


def requests_by_id(ids: Collection[UUID], *, actor: Actor) -> list[Brief]:
    return briefs(list(ApprovalRequest.objects.visible_to(actor).filter(id__in=ids)))


def everything_waiting(
    actor: Actor, workspaces: Collection[UUID], *, limit: int
) -> tuple[list[Brief], int]:
    """On somebody, in all of these workspaces, what is due first first; and how many there are."""
    first = Listing(Asked(), actor).rows(limit=limit, within=workspaces)
    return briefs(first), waiting_anywhere(actor).filter(workspace__in=workspaces).count()


def briefs(requests: Sequence[ApprovalRequest]) -> list[Brief]:
    """In their order, in a handful of queries."""
    told = summaries_of(requests)
    names = people_named(one for r in requests for one in (r.proposer_id, r.settled_by))
    left = still_open([request.id for request in requests])
    people = electorates_of({request.workspace_id for request in requests})
    return [
        Brief(
            request=sitting.request,
            shown=_shown(sitting, told, names, left.get(sitting.request.id, NOTHING_OPEN)),
            waits_on=awaited(sitting),
        )
        for sitting in sittings_of(requests, people)
    ]


def awaited(sitting: Sitting) -> frozenset[UUID]:
    request, stage, people = sitting.request, sitting.stage, sitting.people
    if request.state != State.PENDING or stage is None:
        return frozenset()
    excluded = sitting.excluded_from(stage)
    said = [
        vote
        for vote in sitting.votes
        if vote.stage_id == stage.id
        and vote.view_digest == request.view_digest
        and vote.decision != Decision.RETRACT
    ]
    left = people.seats(stage, excluded) - {seat_of(vote) for vote in said}
    standing_in = _stand_ins(people, left) - excluded
    return (left | standing_in) - {vote.voter_id for vote in said}


def _stand_ins(people: Electorate, seats: Collection[UUID]) -> frozenset[UUID]:
    return frozenset(
        other
        for absent, other in people.stand_ins.items()
        if absent in seats and other in people.roles
    )


def _shown(
    sitting: Sitting,
    told: Mapping[UUID, Summary],
    names: Mapping[UUID, Person],
    left: StillOpen,
) -> dict[str, Any]:
    request, stage = sitting.request, sitting.stage
    summary = told.get(request.subject_id, Summary(sentence=GONE))
    tally = sitting.tally(stage) if stage else None
    return {
        "request_id": request.id,
        "workspace_id": request.workspace_id,
        "subject": {
            "kind": request.subject_kind,
            "id": request.subject_id,
            "label": label_of(request),
        },
        "title": summary.sentence,
        "url": summary.url,
        "risk": request.risk_level,
        "risk_score": request.risk_score,
        "requested_by": _person(names[request.proposer_id]) | {"kind": request.proposer_kind},
        "created_at": request.opened_at,
        "due_at": request.due_at,
        "expires_at": request.expires_at,
        "effective_at": request.effective_at,
        "view_digest": request.view_digest,
        "state": request.state,
        "outcome": request.outcome,
        "because": Because(request.because).label,
        "stage": stage.name if stage else None,
        "approvals": tally.approvals if tally else None,
        "needed": tally.needed if tally else None,
        "threads_open": left.threads,
        "threads_required": left.required,
        "decided_by": _person(names[request.settled_by]) if request.settled_by else None,
        "decided_via": request.settled_via,
        "decided_at": request.settled_at,
    }


def _person(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name}
