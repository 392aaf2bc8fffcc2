"""Cards: a request as one person was shown it in one channel.

Doors that cannot show a digest (the short promised paths, a chat) note here what they showed, and
decide on exactly that.
"""

from uuid import UUID

from django.utils import timezone

from apps.approvals.models.people import Card
from apps.approvals.models.requests import ApprovalRequest


def note_shown(request: ApprovalRequest, channel: str, person: UUID, view_digest: str) -> None:
    """What somebody has on their screen now. Looking changes nothing else, and is not recorded."""
    shown = Card(
        workspace_id=request.workspace_id,
        request=request,
        channel=channel,
        person_id=person,
        view_digest=view_digest,
        shown_state=request.state,
        shown_at=timezone.now(),
    )
    Card.objects.bulk_create(
        [shown],
        update_conflicts=True,
        unique_fields=["request", "channel", "person_id"],
        update_fields=["view_digest", "shown_state", "shown_at"],
    )


def seen_digest(request: ApprovalRequest, channel: str, person: UUID) -> str | None:
    """What they were shown last in this channel. None: nothing yet."""
    shown = Card.objects.filter(request=request, channel=channel, person_id=person)
    return shown.exclude(shown_at=None).values_list("view_digest", flat=True).first()
