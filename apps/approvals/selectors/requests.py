"""Finding requests. Every read starts at what the actor may see."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from apps.approvals.choices import Decision
from apps.approvals.models.requests import ApprovalRequest, Vote
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.policies.ports import Approval


def the_request(
    *, request_id: UUID, actor: Actor, workspace_id: UUID | None = None
) -> ApprovalRequest:
    found = ApprovalRequest.objects.visible_to(actor).select_related("workspace")
    found = found.filter(id=request_id)
    if workspace_id is not None:
        found = found.filter(workspace_id=workspace_id)
    request = found.first()
    if request is None:
        raise NotFound
    return request


def request_about(*, kind: str, subject: UUID) -> ApprovalRequest | None:
    """The newest one. For the room whose subject it is, which has asked who may see it."""
    found = ApprovalRequest.objects.filter(subject_kind=kind, subject_id=subject)
    return found.order_by("-id").first()


def approval_about(*, kind: str, subject: UUID) -> Approval | None:
    """The newest, likewise."""
    found = request_about(kind=kind, subject=subject)
    return approval_of(found) if found else None


def pending_about(*, kind: str, subjects: Collection[UUID]) -> dict[UUID, Approval]:
    """By what they are about, likewise."""
    found = ApprovalRequest.objects.pending().filter(subject_kind=kind, subject_id__in=subjects)
    return {request.subject_id: approval_of(request) for request in found}


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Who had a hand in what was decided."""

    co_authors: tuple[UUID, ...]
    approvers: tuple[UUID, ...]
    """Whose approval counted in the end."""


def hands_in(request_id: UUID) -> Hands:
    """For the room whose subject it is, likewise."""
    request = ApprovalRequest.objects.get(id=request_id)
    votes = Vote.objects.standing().filter(request=request, decision=Decision.APPROVE)
    counted = votes.filter(view_digest=request.view_digest).order_by("at", "id")
    return Hands(
        co_authors=tuple(request.co_authors),
        approvers=tuple(dict.fromkeys(counted.values_list("voter_id", flat=True))),
    )


def approval_of(request: ApprovalRequest) -> Approval:
    """As other rooms are handed it."""
    return Approval(
        id=request.id,
        state=request.state,
        outcome=request.outcome,
        because=request.because,
        view_digest=request.view_digest,
        excluded=frozenset(request.excluded),
    )
