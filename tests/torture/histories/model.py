"""A request as it would be if everybody came one after the other: one stage, in which so many have
to approve. Told anew, and much simpler than what it is held against.
"""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

from apps.approvals.rules import view_digest

APPROVE, REJECT, CHANGES, ABSTAIN, VETO, RETRACT = (
    *("approve", "reject", "request_changes", "abstain"),
    *("veto", "retract"),
)
DECIDED, STANDS, MOVED = "approval_already_decided", "approval_vote_stands", "approval_view_moved"
NOT_YOURS, UNDO_OVER, NOT_OPEN = "approval_not_yours", "approval_undo_over", "approval_not_open"


@dataclass(frozen=True, kw_only=True)
class Act:
    """What somebody asks for: to vote, undo, withdraw or read, or that time brings an effect or an
    end."""

    what: str
    who: str = ""
    decision: str = ""
    digest: str = ""
    spread: str = ""
    """What it is edited to, if it is."""


@dataclass(frozen=True, kw_only=True)
class Request:
    state: str = "pending"
    spread: str = ""
    authors: frozenset[str] = frozenset()
    votes: frozenset[tuple[str, str]] = frozenset()
    """On what is shown now."""

    def vote_of(self, who: str) -> str | None:
        return dict(self.votes).get(who)

    def with_vote(self, who: str, decision: str) -> "Request":
        return replace(self, votes=frozenset({**dict(self.votes), who: decision}.items()))


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What stays as it is."""

    quorum: int
    seats: int
    slices: tuple[str, ...]
    stages: tuple[Any, ...]
    excluded: tuple[Any, ...]

    def view(self, request: Request) -> str:
        content = repr((list(self.slices), request.spread))
        return view_digest(
            content=hashlib.sha256(content.encode()).hexdigest(),
            stages=self.stages,
            excluded=self.excluded,
            co_authors=request.authors,  # type: ignore[arg-type]
        )

    def step(self, request: Request, act: Act) -> tuple[Request, Hashable]:
        """What becomes of it, and what is answered."""
        match act.what:
            case "vote":
                return self._vote(request, act)
            case "undo":
                return _undo(request, act)
            case "withdraw":
                if request.state in ("pending", "allowed", "cancelled"):
                    return replace(request, state="cancelled"), 200
                return request, NOT_OPEN
            case "read":
                return request, (200, request.state, self.view(request))
            case "expire":
                return _if(request, "pending", "expired")
            case _:
                return _if(request, "allowed", "effective")

    def _vote(self, request: Request, act: Act) -> tuple[Request, Hashable]:
        mine, told = request.vote_of(act.who), self._told
        if request.state != "pending":
            if mine == act.decision:
                return told(200, request)
            if act.decision != VETO or request.state not in ("allowed", "effective"):
                return request, (DECIDED, request.state)
        if act.digest != self.view(request):
            return request, MOVED
        if act.decision == VETO:
            return told(201, replace(request.with_vote(act.who, VETO), state="denied"))
        if act.spread:
            authors = request.authors | {act.who}
            request = replace(request, spread=act.spread, authors=authors, votes=frozenset())
        elif mine == act.decision:
            return told(200, request)
        elif mine not in (None, RETRACT):
            return request, STANDS
        request = request.with_vote(act.who, act.decision)
        return told(201, replace(request, state=self._count(request)))

    def _told(self, status: int, after: Request) -> tuple[Request, Hashable]:
        return after, (status, after.state, self.view(after))

    def _count(self, request: Request) -> str:
        said: dict[str, set[str]] = {
            decision: set() for decision in (APPROVE, REJECT, CHANGES, ABSTAIN, RETRACT)
        }
        for who, decision in request.votes:
            said[decision].add(who)
        independent = said[APPROVE] - request.authors
        lacks = max(self.quorum - len(said[APPROVE]), 0 if independent else 1)
        against = len(said[REJECT])
        silent = self.seats - len(said[APPROVE]) - against - len(said[ABSTAIN])
        if said[CHANGES]:
            return "changes_requested"
        if not lacks:
            return "allowed"
        return "denied" if against and (against >= self.quorum or lacks > silent) else "pending"


def _undo(request: Request, act: Act) -> tuple[Request, Hashable]:
    mine = request.vote_of(act.who)
    if request.state == "pending" and mine == RETRACT:
        return request, 200
    if request.state != "allowed":
        return request, UNDO_OVER
    if mine != APPROVE:
        return request, NOT_YOURS
    return replace(request.with_vote(act.who, RETRACT), state="pending"), 200


def _if(request: Request, state: str, then: str) -> tuple[Request, Hashable]:
    if request.state != state:
        return request, False
    return replace(request, state=then), True
