"""Finding requests. Every read starts at what the actor may see."""

from uuid import UUID

from apps.approvals.models.requests import ApprovalRequest
from apps.common.actors import Actor
from apps.common.errors import NotFound


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
