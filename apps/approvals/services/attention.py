"""How a person wants to be asked: mails at once, one a day or none, quiet hours, reminders."""

from datetime import datetime, time
from typing import Any

from django.utils import timezone

from apps.accounts.models import User
from apps.approvals import events
from apps.approvals.choices import MailMode
from apps.approvals.models.people import Attention
from apps.approvals.rules import next_daily
from apps.approvals.selectors.people import attention_of
from apps.common.actors import Actor
from apps.common.errors import Invalid, NotAllowed
from apps.ledger.services import record, unit


def change_attention(
    *,
    person: User,
    mail: MailMode,
    digest_at: time,
    quiet_from: time | None,
    quiet_until: time | None,
    remind: bool,
    actor: Actor,
) -> Attention:
    """All of it at once, of oneself."""
    if actor.actor_id != person.id or actor.actor_kind != "person":
        raise NotAllowed
    if (quiet_from is None) != (quiet_until is None) or (quiet_from and quiet_from == quiet_until):
        message = "Say when quiet hours begin and when they end, or neither. The two differ."
        raise Invalid(details=[{"field": "quiet_from", "message": message}])
    wanted: dict[str, Any] = {
        "mail": mail,
        "digest_at": digest_at,
        "quiet_from": quiet_from,
        "quiet_until": quiet_until,
        "remind": remind,
    }
    with unit(actor=actor):
        User.objects.get_queryset().select_for_update(no_key=True).get(id=person.id)
        attention = attention_of(person.id)
        changed = sorted(name for name in wanted if getattr(attention, name) != wanted[name])
        if changed:
            for name in changed:
                setattr(attention, name, wanted[name])
            attention.digest_due_at = next_digest(attention, person)
            attention.save()
            record(events.AttentionChanged(person=person.id, fields=changed))
    return attention


def next_digest(attention: Attention, person: User) -> datetime | None:
    if attention.mail != MailMode.DIGEST:
        return None
    return next_daily(timezone.now(), attention.digest_at, person.time_zone)
