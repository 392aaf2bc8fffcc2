"""Who is away, and how somebody wants to be asked."""

from datetime import datetime, time
from uuid import UUID

from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.models import User
from apps.accounts.selectors.standing import require
from apps.approvals.models.people import Absence, AbsenceQuerySet, Attention
from apps.approvals.rules import quiet_end
from apps.common.actors import Actor


def absences_of(*, workspace_id: UUID, actor: Actor) -> AbsenceQuerySet:
    """Those that are not over. Everybody here sees who is away, and who stands in."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    return Absence.objects.filter(workspace_id=workspace_id).not_over()


def attention_of(person: UUID) -> Attention:
    """Where nothing was said, what holds without."""
    found = Attention.objects.filter(person_id=person).first()
    return found or Attention(person_id=person, digest_at=time(9))


def quiet_until(attention: Attention, person: User) -> datetime | None:
    """None: they may be written to now."""
    if attention.quiet_from is None or attention.quiet_until is None:
        return None
    return quiet_end(timezone.now(), attention.quiet_from, attention.quiet_until, person.time_zone)
