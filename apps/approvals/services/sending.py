"""Sending cards: from rows, between transactions, never inside one.

Each card is a task and an attempt of its own, so that one that fails delays no other, and not more
than WEBHOOKS_AT_ONCE are sent in one channel at a time, so that one that hangs leaves workers to
everything else. What was sent and could not be noted is sent again under the same key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.selectors.names import names_of
from apps.approvals.choices import State
from apps.approvals.links import link_to
from apps.approvals.models.people import Absence, AfterReview, Attention, Card, Snooze
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Delivered, Told, channels, subjects
from apps.approvals.selectors.electorate import Sitting, sitting_of
from apps.approvals.selectors.people import attention_of, quiet_until
from apps.approvals.selectors.subjects import GONE
from apps.approvals.services.cards import face_of, has_said, is_news, reminder_of
from apps.common.prepared import prepared
from apps.ledger.deliveries import FIRST_WAIT, MAX_ATTEMPTS, Start, kind_of_error, wait_after
from apps.ledger.models import KillSwitch
from apps.ledger.switch import is_on

log = structlog.get_logger("lattice.cards")

TASK = "approvals.send_card"
LEASE = timedelta(seconds=90)
"""Longer than one whole attempt."""
ASK_AGAIN = timedelta(seconds=2)
"""When to try a card again that found as many under way as may be at once."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to become of a card now: said (`told`), put off (`later`), or neither."""

    person: User | None = None
    told: Told | None = None
    later: datetime | None = None


# --- a source of the relay


def claim(limit: int) -> list[Start]:
    now = timezone.now()
    with transaction.atomic():
        due = _due(now=now, known=list(channels), limit=limit)
        if due:
            Card.objects.filter(id__in=due).update(due_at=now + FIRST_WAIT)
    return [Start(TASK, str(card_id)) for card_id in due]


@prepared
def _due(*, now: datetime, known: list[str], limit: int) -> QuerySet[Card, UUID]:
    stopped = KillSwitch.objects.stopping(OuterRef("workspace_id"))
    return (
        Card.objects.filter(due_at__lte=now, parked_at__isnull=True, channel__in=known)
        .filter(workspace__deleted_at__isnull=True)
        .exclude(sending_until__gt=now)
        .exclude(Exists(stopped))
        .order_by("due_at", "id")
        .select_for_update(skip_locked=True, of=("self",))
        .values_list("id", flat=True)[:limit]
    )


def give_back(unsent: Sequence[Start]) -> None:
    given = Card.objects.filter(id__in=[start.id for start in unsent], due_at__isnull=False)
    given.update(due_at=timezone.now())


# --- the task's work


def send_card(*, card_id: UUID) -> None:
    card = _lease(card_id)
    if card is None:
        return
    wish = wish_of(card)
    if wish.told is None or wish.person is None:
        _put_off(card, wish.later)
        return
    if is_on(card.workspace_id):
        _put_off(card, timezone.now(), reminder=card.reminder)
        return
    try:
        sent = channels[card.channel].deliver(wish.person, wish.told, reference=card.reference)
    except Exception as error:  # noqa: BLE001 whatever it is, it is noted, and tried again later
        _note_failure(card, error)
    else:
        _note_sent(card, wish.told, sent)


def wish_of(card: Card) -> Wish:
    """Decided at the last moment, from what is so now."""
    sitting = sitting_of(card.request)
    person = User.objects.get_queryset().filter(id=card.person_id).first()
    known = person is not None and person.id in sitting.people.roles
    if person is None or not known or not channels[card.channel].wanted_by([person]):
        return Wish()
    news, attention = is_news(card, card.request), attention_of(person.id)
    if channels[card.channel].alarms:
        return Wish(person=person, told=_told(card, person, reminder=False)) if news else Wish()
    if card.request.state == State.PENDING:
        if not _waits_on(sitting, person.id):
            return Wish()
        if not news and not (card.reminder and attention.remind):
            return Wish()
    elif not news:
        return Wish()
    later = _not_before(card, person, attention)
    if later is not None:
        return Wish(later=later)
    return Wish(person=person, told=_told(card, person, reminder=not news))


def _waits_on(sitting: Sitting, person: UUID) -> bool:
    stage = sitting.stage
    if stage is None or sitting.seat_for(person, stage) is None:
        return False
    return not has_said(sitting, person)


def _not_before(card: Card, person: User, attention: Attention) -> datetime | None:
    """Nobody is asked while they are away, reminded while they have put it off, or written to in
    quiet hours."""
    moments = [quiet_until(attention, person)]
    if card.request.state == State.PENDING:
        away = Absence.objects.filter(workspace_id=card.workspace_id, person_id=person.id).now()
        snoozed = Snooze.objects.filter(
            request=card.request, person_id=person.id, until__gt=timezone.now()
        )
        moments += [*away.values_list("ends_at", flat=True)]
        moments += [*snoozed.values_list("until", flat=True)]
    return max((moment for moment in moments if moment), default=None)


def _told(card: Card, person: User, *, reminder: bool) -> Told:
    request, face = card.request, face_of(card.request.state)
    names = names_of([request.proposer_id, request.settled_by])
    subject = subjects.get(request.subject_kind)
    found = subject.summaries([request.subject_id]) if subject else {}
    summary = found.get(request.subject_id)
    pending, owed = face == State.PENDING, AfterReview.objects.filter(request=request)
    return Told(
        key=f"{card.id.hex}.{card.times_shown}.{face}.{request.view_digest[:8]}",
        request=request.id,
        workspace=card.workspace.name,
        state=face,
        because=request.because,
        label=subject.label if subject else request.subject_kind,
        sentence=summary.sentence if summary else GONE,
        proposer=names[request.proposer_id],
        risk=request.risk_level,
        view_digest=request.view_digest,
        due_at=request.due_at,
        expires_at=request.expires_at,
        changed=card.shown_at is not None and not reminder,
        reminder=reminder,
        review_by=owed.values_list("due_at", flat=True).first(),
        decided_by=names[request.settled_by] if request.settled_by else "",
        decided_via=request.settled_via,
        decided_at=request.settled_at,
        link=link_to(
            request=request.id,
            person=person.id,
            expires_at=request.expires_at if pending else None,
        ),
    )


# --- leases, and what came of it


def _lease(card_id: UUID) -> Card | None:
    now = timezone.now()
    with transaction.atomic():
        free = Card.objects.filter(id=card_id, parked_at__isnull=True, channel__in=channels)
        free = free.filter(due_at__lte=now + FIRST_WAIT).exclude(sending_until__gt=now)
        card = free.first()
        if card is None:
            return None
        if is_crowded(card.channel):
            free.update(due_at=now + ASK_AGAIN)
            return None
        free.update(sending_until=now + LEASE, due_at=now + LEASE, attempts=F("attempts") + 1)
    taken: Card = Card.objects.select_related("request", "workspace").get(id=card_id)
    return taken


def is_crowded(channel: str) -> bool:
    """In a transaction: until it ends, nobody else finds a place."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"to {channel}"])
    now = timezone.now()
    sending = Card.objects.filter(channel=channel, sending_until__gt=now).count()
    if channel == "email":
        sending += Attention.objects.filter(sending_until__gt=now).count()
    return sending >= settings.WEBHOOKS_AT_ONCE


def _put_off(card: Card, later: datetime | None, *, reminder: bool | None = None) -> None:
    still = card.reminder if later else bool(reminder)
    _let_go(card, due_at=later, attempts=0, reminder=still)


def _let_go(card: Card, **values: Any) -> None:
    """Where it was dealt anew meanwhile, that holds."""
    mine = Card.objects.filter(id=card.id)
    if not mine.filter(due_at=card.due_at).update(sending_until=None, **values):
        mine.update(sending_until=None)


def _note_sent(card: Card, told: Told, sent: Delivered) -> None:
    """It may have moved on while it was sent: then it is due again."""
    with transaction.atomic():
        card = Card.objects.select_for_update(of=("self",)).get(id=card.id)
        request = ApprovalRequest.objects.get(id=card.request_id)
        card.view_digest, card.shown_state = told.view_digest, told.state
        card.shown_at, card.reference = timezone.now(), sent.reference
        card.times_shown += 1
        card.attempts, card.last_error, card.sending_until = 0, "", None
        card.due_at, card.reminder = None, False
        if is_news(card, request):
            card.due_at = timezone.now()
        elif request.state == State.PENDING and not channels[card.channel].alarms:
            card.due_at, card.reminder = reminder_of(request), True
        card.save()


def _note_failure(card: Card, error: Exception) -> None:
    """Only what kind of error and where: its message may hold an address."""
    now, name = timezone.now(), kind_of_error(error)
    log.warning("card not sent", card=str(card.id), channel=card.channel, because=name)
    _let_go(
        card,
        due_at=now + wait_after(card.attempts),
        last_error=name,
        parked_at=now if card.attempts >= MAX_ATTEMPTS else None,
    )
