"""What is or was to be looked at afterwards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import opener
from apps.accounts.selectors.names import Person, people_named
from apps.accounts.selectors.standing import require
from apps.approvals.models.people import AfterReview
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.discussion import UNREADABLE
from apps.approvals.selectors.electorate import electorate_of
from apps.approvals.selectors.seen import Seen, seen
from apps.common.actors import Actor
from apps.common.texts.hidden import spelled_out


@dataclass(frozen=True, kw_only=True)
class ReadReview:
    row: AfterReview
    seen: Seen
    reviewer: Person | None
    reason: str
    note: str

    @property
    def overdue(self) -> bool:
        return self.row.reviewed_at is None and self.row.due_at < timezone.now()

    @property
    def apart(self) -> bool | None:
        """Whether who looked had no part in it. None: nobody has looked."""
        by = self.row.reviewed_by
        return by not in those_with_a_part(self.row.request) if by else None


def those_with_a_part(request: ApprovalRequest) -> frozenset[UUID]:
    """Who proposed it, delegated, or wrote in it, and who acted before the others."""
    parties = (*request.excluded, *request.co_authors, request.proposer_id, request.settled_by)
    return frozenset(party for party in parties if party)


def is_nobody_apart(request: ApprovalRequest) -> bool:
    """Of those who may decide here now."""
    return not electorate_of(request.workspace_id).roles.keys() - those_with_a_part(request)


def reviews_of(*, workspace_id: UUID, actor: Actor, owed: bool | None) -> QuerySet[AfterReview]:
    """None: those that were looked at, too."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = AfterReview.objects.visible_to(actor).filter(workspace_id=workspace_id)
    if owed is not None:
        found = found.filter(reviewed_at__isnull=owed)
    return found.select_related("request")


def read_reviews(rows: Sequence[AfterReview], actor: Actor) -> list[ReadReview]:
    by_request = {one.request.id: one for one in seen([row.request for row in rows], actor)}
    texts, names = _texts(rows), people_named(row.reviewed_by for row in rows)
    return [
        ReadReview(
            row=row,
            seen=by_request[row.request_id],
            reviewer=names.get(row.reviewed_by) if row.reviewed_by else None,
            reason=texts[row.reason_context],
            note=texts[row.note_context],
        )
        for row in rows
    ]


def _texts(rows: Iterable[AfterReview]) -> dict[str, str]:
    """By what they are sealed for."""
    found: dict[str, str] = {}
    openers = {place: opener(place) for place in {row.workspace_id for row in rows}}
    for row in rows:
        open_text = openers[row.workspace_id]
        for context, sealed in (
            (row.reason_context, row.sealed_reason),
            (row.note_context, row.sealed_note),
        ):
            try:
                said = open_text(bytes(sealed), context).decode() if sealed else ""
                found[context] = spelled_out(said)
            except (KeysErased, Undecipherable):
                found[context] = UNREADABLE
    return found
