"""What the console's home page shows of accounts, and what its palette finds of them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import ActorKind
from apps.accounts.models import Invitation, User
from apps.accounts.selectors.seen import managed_workspaces, seen_keys, seen_workspaces
from apps.common.actors import Actor, operates
from apps.common.ports import Found, Reading, finder, tile

SOON = timedelta(days=14)
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


def _found(page: str, row: Any, title: str, description: str, icon: str) -> Found:
    link = reverse(f"admin:accounts_{page}_change", args=[row.pk])
    return Found(title, description, link, icon)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
