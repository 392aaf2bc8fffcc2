"""What the console's home page shows of accounts and of the record, and what its palette finds."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from apps.accounts.choices import ActorKind
from apps.accounts.models import Invitation, User
from apps.accounts.selectors.seen import managed_workspaces, seen_events, seen_keys, seen_workspaces
from apps.common.actors import Actor, operates
from apps.common.ids import first_id_at
from apps.common.ports import Found, Reading, finder, tile
from apps.ledger.checkpoints import CheckpointLog
from apps.ledger.models import Delivery

SOON = timedelta(days=14)
MINUTE = timedelta(minutes=1)
LATE = 5 * MINUTE
"""A checkpoint is written every minute."""
FEW = 8


@tile(title="People", icon="group", order=10)
def people(actor: Actor) -> Reading:
    rows = User.objects.get_queryset() if operates(actor) else User.objects.visible_to(actor)
    counted = rows.filter(is_active=True).aggregate(
        people=Count("id", filter=Q(kind=ActorKind.PERSON)),
        agents=Count("id", filter=Q(kind=ActorKind.AGENT)),
    )
    return Reading(
        counted["people"],
        note=f"and {_counted(counted['agents'], 'agent')} working for them",
        url=reverse("admin:accounts_user_changelist"),
    )


@tile(title="Open invitations", icon="mail", order=20)
def open_invitations(actor: Actor) -> Reading:
    rows = Invitation.objects.filter(
        workspace__in=managed_workspaces(actor),
        accepted_at__isnull=True,
        revoked_at__isnull=True,
    ).aggregate(
        waiting=Count("id", filter=Q(expires_at__gt=timezone.now())),
        expired=Count("id", filter=Q(expires_at__lte=timezone.now())),
    )
    return Reading(
        rows["waiting"],
        note=f"{rows['expired']} expired unanswered" if rows["expired"] else "none has expired",
        url=reverse("admin:accounts_invitation_changelist"),
    )


@tile(title="Keys that expire soon", icon="key", order=30)
def expiring_keys(actor: Actor) -> Reading:
    now = timezone.now()
    soon = seen_keys(actor).usable().filter(expires_at__lte=now + SOON).count()
    return Reading(
        soon,
        note=f"within {SOON.days} days",
        url=reverse("admin:accounts_apikey_changelist"),
        tone="attention" if soon else "calm",
    )


@tile(title="Events today", icon="history", order=40)
def events_today(actor: Actor) -> Reading:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = seen_events(actor)
    latest = rows.order_by("-id").values_list("at", flat=True).first()
    return Reading(
        rows.filter(id__gte=first_id_at(midnight)).count(),
        note=f"the last one at {latest:%H:%M} UTC" if latest else "nothing has happened yet",
        url=reverse("admin:ledger_event_changelist"),
    )


@tile(title="Audit", icon="verified_user", order=50)
def last_checkpoint(_: Actor) -> Reading:
    """How much of the record a signature outside the database already covers."""
    seen = CheckpointLog(settings.CHECKPOINT_DIR).latest_at()
    if seen is None:
        return Reading("unsigned", note="no checkpoint was written yet", tone="attention")
    behind = timezone.now() - seen
    late = behind > LATE
    return Reading(
        "behind" if late else "signed",
        note=f"last checkpoint {timesince(seen)} ago" if behind > MINUTE else "up to this minute",
        tone="attention" if late else "good",
    )


@tile(title="Deliveries waiting", icon="outbox", order=60)
def waiting_deliveries(actor: Actor) -> Reading:
    waiting = Delivery.objects.unfinished()
    if not operates(actor):
        waiting = waiting.filter(event__in=seen_events(actor))
    counted = waiting.aggregate(
        all=Count("id"), parked=Count("id", filter=Q(parked_at__isnull=False))
    )
    return Reading(
        counted["all"],
        note=f"{counted['parked']} parked: replay them" if counted["parked"] else "none is parked",
        url=reverse("admin:ledger_delivery_changelist"),
        tone="attention" if counted["parked"] else "calm",
    )


@finder
def find_workspaces(actor: Actor, words: str) -> Iterable[Found]:
    for row in seen_workspaces(actor).filter(name__icontains=words).order_by("name")[:FEW]:
        yield _found("workspace", row, row.name, "Workspace", "workspaces")


@finder
def find_people_and_agents(actor: Actor, words: str) -> Iterable[Found]:
    rows = User.objects.get_queryset() if operates(actor) else User.objects.visible_to(actor)
    matching = rows.filter(Q(name__icontains=words) | Q(email__icontains=words))
    for row in matching.order_by("name", "email")[:FEW]:
        icon = "smart_toy" if row.is_agent else "person"
        yield _found("user", row, str(row), row.get_kind_display(), icon)


@finder
def find_keys(actor: Actor, words: str) -> Iterable[Found]:
    public_id = words.removeprefix("lat_").partition("_")[0]
    matching = seen_keys(actor).filter(
        Q(public_id__istartswith=public_id) | Q(name__icontains=words)
    )
    for row in matching.order_by("name")[:FEW]:
        yield _found("apikey", row, str(row), "API key", "key")


@finder
def find_events(actor: Actor, words: str) -> Iterable[Found]:
    """By the id of an event or of the request that caused it."""
    wanted = Q(request_id=words)
    with suppress(ValueError):
        wanted |= Q(id=UUID(words))
    for row in seen_events(actor).filter(wanted).order_by("id")[:FEW]:
        yield Found(
            title=row.type,
            description=f"Event {row.seq}",
            link=reverse("admin:ledger_event_change", args=[row.id]),
            icon="history",
        )


def _found(page: str, row: Any, title: str, description: str, icon: str) -> Found:
    link = reverse(f"admin:accounts_{page}_change", args=[row.pk])
    return Found(title, description, link, icon)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
