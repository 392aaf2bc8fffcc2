"""How a person wants to be asked: mails at once, one a day or none, quiet hours, reminders; and
whether they know their way around the console.
"""

from datetime import datetime, time
from typing import TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.selectors.standing import require_person
from apps.approvals import events
from apps.approvals.choices import MailMode
from apps.approvals.models.people import Attention
from apps.approvals.rules import next_daily
from apps.approvals.selectors.people import attention_of
from apps.common.actors import Actor
from apps.common.errors import Invalid, NotAllowed
from apps.ledger.services import record, unit


class Wishes(TypedDict, total=False):
    mail: MailMode
    digest_at: time
    quiet_from: time | None
    quiet_until: time | None
    remind: bool


def change_attention(*, person: User, actor: Actor, **wishes: Unpack[Wishes]) -> Attention:
    """Of oneself. What is not named stays as it is."""
    if actor.actor_id != person.id or actor.actor_kind != "person":
        raise NotAllowed
    with unit(actor=actor):
        person = User.objects.get_queryset().select_for_update(no_key=True).get(id=person.id)
        attention = attention_of(person.id)
        changed = sorted(name for name, wish in wishes.items() if getattr(attention, name) != wish)
        for name in changed:
            setattr(attention, name, wishes[name])  # type: ignore[literal-required]
        _require_whole_quiet_hours(attention)
        if changed:
            attention.digest_due_at = next_digest(attention, person)
            attention.save()
            record(events.AttentionChanged(person=person.id, fields=changed))
    return attention


def _require_whole_quiet_hours(attention: Attention) -> None:
    begins, ends = attention.quiet_from, attention.quiet_until
    if (begins is None) != (ends is None) or (begins and begins == ends):
        message = "Say when quiet hours begin and when they end, or neither. The two differ."
        raise Invalid(details=[{"field": "quiet_from", "message": message}])


def note_tour(*, actor: Actor) -> None:
    """They were shown around the console: it is not offered again."""
    require_person(actor)
    with unit(actor=actor):
        User.objects.get_queryset().select_for_update(no_key=True).get(id=actor.actor_id)
        attention = attention_of(actor.actor_id)
        if attention.toured_at is None:
            attention.toured_at = timezone.now()
            attention.save()
            record(events.TourSeen(person=actor.actor_id))


def reckon_digest(*, person_id: UUID) -> None:
    """By the clock of who went to another time zone: the next one was planned by the old one."""
    with transaction.atomic():
        person = User.objects.get_queryset().select_for_update(no_key=True).get(id=person_id)
        due_at = next_digest(attention_of(person.id), person)
        planned = Attention.objects.filter(person_id=person.id, digest_due_at__isnull=False)
        planned.update(digest_due_at=due_at)


def next_digest(attention: Attention, person: User) -> datetime | None:
    if attention.mail != MailMode.DIGEST:
        return None
    return next_daily(timezone.now(), attention.digest_at, person.time_zone)
