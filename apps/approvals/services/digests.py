"""One mail a day, for who wants that, with all that waits on them in every workspace.

A row says when the next one is due. One that could not be sent is tried again a little later.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.models import Membership, User
from apps.approvals.channels.email import plain, reachable, send_mail
from apps.approvals.choices import MailMode
from apps.approvals.links import link_to
from apps.approvals.models.people import Absence, Attention
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import subjects
from apps.approvals.selectors.people import quiet_until
from apps.approvals.selectors.queue import waiting_on
from apps.approvals.selectors.subjects import GONE
from apps.approvals.services.attention import next_digest
from apps.approvals.services.sending import ASK_AGAIN, LEASE, is_crowded
from apps.common.prepared import prepared
from apps.ledger.deliveries import FIRST_WAIT, Start, kind_of_error
from apps.ledger.switch import is_on

log = structlog.get_logger("lattice.digests")

TASK = "approvals.send_digest"
SHOWN = 50
TRY_AGAIN = timedelta(minutes=5)


# --- a source of the relay


def claim(limit: int) -> list[Start]:
    now = timezone.now()
    with transaction.atomic():
        due = _due(now=now, limit=limit)
        if due:
            Attention.objects.filter(person_id__in=due).update(digest_due_at=now + FIRST_WAIT)
    return [Start(TASK, str(person_id)) for person_id in due]


@prepared
def _due(*, now: datetime, limit: int) -> QuerySet[Attention, UUID]:
    return (
        Attention.objects.filter(digest_due_at__lte=now)
        .exclude(sending_until__gt=now)
        .order_by("digest_due_at", "person_id")
        .select_for_update(skip_locked=True, of=("self",))
        .values_list("person_id", flat=True)[:limit]
    )


def give_back(unsent: Sequence[Start]) -> None:
    given = Attention.objects.filter(person_id__in=[start.id for start in unsent])
    given.filter(digest_due_at__isnull=False).update(digest_due_at=timezone.now())


# --- the task's work


def send_digest(*, person_id: UUID) -> None:
    attention = _lease(person_id)
    if attention is None:
        return
    person = attention.person
    today = timezone.now().astimezone(ZoneInfo(person.time_zone)).date()
    later = quiet_until(attention, person)
    if attention.mail != MailMode.DIGEST or later or attention.digest_sent_on == today:
        _rest(attention, later or next_digest(attention, person))
        return
    try:
        _send(person, today)
    except Exception as error:  # noqa: BLE001 whatever it is, it is tried again later
        log.warning("digest not sent", person=str(person.id), because=kind_of_error(error))
        _rest(attention, timezone.now() + TRY_AGAIN)
    else:
        attention.digest_sent_on = today
        _rest(attention, next_digest(attention, person))


def _send(person: User, today: date) -> None:
    waiting = waiting_everywhere(person)
    if not waiting or not reachable([person]):
        return
    shown = {
        "count": len(waiting),
        "waiting": [_entry(request, person) for request in waiting[:SHOWN]],
        "more": max(len(waiting) - SHOWN, 0),
    }
    key = f"{person.id.hex}.digest.{today.isoformat()}"
    subject = f"{len(waiting)} waiting for you"
    send_mail(person, "digest", shown, subject=subject, key=key)


def waiting_everywhere(person: User) -> list[ApprovalRequest]:
    """But for where they are away, or all is stopped. What is due first comes first."""
    away = Absence.objects.filter(person_id=person.id).now().values("workspace_id")
    mine = Membership.objects.permitting(Permission.DECIDE).filter(user_id=person.id)
    places = mine.exclude(workspace_id__in=away).order_by("id")
    found: list[ApprovalRequest] = []
    for workspace_id in places.values_list("workspace_id", flat=True):
        if not is_on(workspace_id):
            here = ApprovalRequest.objects.filter(workspace_id=workspace_id)
            asked = waiting_on(person, here, workspace_id=workspace_id)
            found += asked.select_related("workspace")
    return sorted(found, key=lambda request: (request.due_at is None, request.due_at, request.id))


def _entry(request: ApprovalRequest, person: User) -> dict[str, object]:
    subject = subjects.get(request.subject_kind)
    found = subject.summaries([request.subject_id]) if subject else {}
    summary = found.get(request.subject_id)
    return {
        "sentence": plain(summary.sentence if summary else GONE),
        "workspace": request.workspace.name,
        "risk": request.risk_level,
        "due_at": request.due_at,
        "link": link_to(request=request.id, person=person.id, expires_at=request.expires_at),
    }


def _lease(person_id: UUID) -> Attention | None:
    now = timezone.now()
    with transaction.atomic():
        free = Attention.objects.filter(person_id=person_id, digest_due_at__lte=now + FIRST_WAIT)
        free = free.exclude(sending_until__gt=now)
        if not free.exists():
            return None
        if is_crowded("email"):
            free.update(digest_due_at=now + ASK_AGAIN)
            return None
        free.update(sending_until=now + LEASE, digest_due_at=now + LEASE + timedelta(seconds=1))
    return Attention.objects.select_related("person").get(person_id=person_id)


def _rest(attention: Attention, due_at: datetime | None) -> None:
    Attention.objects.filter(person_id=attention.person_id).update(
        digest_due_at=due_at, digest_sent_on=attention.digest_sent_on, sending_until=None
    )
