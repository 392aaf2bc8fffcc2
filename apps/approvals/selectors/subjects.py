"""What requests are about, as the rooms say to which it belongs."""

from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Change, subjects
from apps.common.errors import NotFound


def change_of(request: ApprovalRequest) -> Change | None:
    """None: it is gone, or the room it belonged to is."""
    subject = subjects.get(request.subject_kind)
    try:
        return subject.change(request.subject_id) if subject else None
    except NotFound:
        return None
