"""What the console says of policies: a tile, what the palette finds, and on every page that a kill
switch is on.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Workspace
from apps.common.actors import NOBODY, Actor
from apps.common.ports import Found, Notice, Reading, finder, notice, tile
from apps.common.texts.clock import MOMENT, by_the_clock
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.choices import Effect
from apps.policies.models.acts import ActRecord
from apps.policies.selectors.switch import held_by_environment, seen_switches

FEW = 5
HELD = (
    "Everything is stopped by KILL_SWITCH in the environment. It is released there, by a restart."
)


@notice
def kill_switches(actor: Actor) -> Iterator[Notice]:
    if held_by_environment():
        yield Notice(HELD)
    for switch in seen_switches(actor):
        place = "Everything" if switch.workspace_id == EVERYWHERE else workspace_of(switch)
        yield Notice(
            f"{place} is stopped: {switch.reason}",
            note=f"Kill switch pulled by {puller_of(switch)}",
            since=switch.pulled_at,
            url=reverse("admin:ledger_killswitch_changelist"),
        )


def workspace_of(switch: Any) -> str:
    """Of a row that `seen_switches` found, which knows the names."""
    return str(switch.workspace_name or "A workspace")


def puller_of(switch: Any) -> str:
    if switch.pulled_by == NOBODY:
        return "somebody at the server"
    return str(switch.puller_name or "somebody")


def is_everywhere(switch: KillSwitch) -> bool:
    return switch.workspace_id == EVERYWHERE


@tile(title="Denied today", icon="gavel", order=45)
def denied_today(actor: Actor) -> Reading:
    """Of the acts one may see."""
    day = timezone.now() - timedelta(days=1)
    counted = (
        ActRecord.objects.visible_to(actor)
        .filter(at__gt=day)
        .aggregate(denied=Count("id", filter=Q(effect=Effect.DENY)), all=Count("id"))
    )
    share = f"{counted['denied'] / counted['all']:.0%} of " if counted["denied"] else "of "
    return Reading(
        counted["denied"],
        note=f"{share}{counted['all']} judged within 24 hours"
        if counted["all"]
        else "nothing was judged within 24 hours",
        url=f"{reverse('admin:policies_actrecord_changelist')}?effect__exact={Effect.DENY}",
    )


@finder
def find_policies(actor: Actor, words: str) -> Iterable[Found]:
    """By the name of their workspace."""
    rows = Workspace.objects.visible_to(actor).filter(name__icontains=words)
    for pk, name in rows.order_by("name", "id").values_list("id", "name")[:FEW]:
        yield Found(
            title=f"Policy of {name}",
            description="What agents may do there",
            link=reverse("admin:policies_home", args=[pk]),
            icon="policy",
        )


@finder
def find_acts(actor: Actor, words: str) -> Iterable[Found]:
    """By their id, as denials tell it."""
    with suppress(ValueError):
        rows = ActRecord.objects.visible_to(actor).filter(id=UUID(words))
        for pk, kind, at in rows.values_list("id", "kind", "at"):
            yield Found(
                title=f"Why: {kind}",
                description=f"judged {by_the_clock(at, MOMENT)}",
                link=reverse("admin:policies_actrecord_change", args=[pk]),
                icon="gavel",
            )
