"""Celery's door. Beat asks again and again what is due, so nothing depends on a task arriving."""

from uuid import UUID

from celery import shared_task

from apps.accounts.models import Invitation
from apps.accounts.services import housekeeping, invitations


@shared_task(name="accounts.send_invitation")
def send_invitation(invitation_id: str) -> None:
    invitations.send_invitation(invitation_id=UUID(invitation_id))


@shared_task(name="accounts.send_due_invitations")
def send_due_invitations() -> None:
    """A task for each, so that an address no server takes holds back no other."""
    due = Invitation.objects.due().order_by("due_at").values_list("id", flat=True)
    for invitation_id in due[:200]:
        send_invitation.delay(str(invitation_id))


@shared_task(name="accounts.purge_expired")
def purge_expired() -> None:
    housekeeping.purge_expired()
