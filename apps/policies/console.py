"""What every page of the console says while a kill switch is on."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from apps.common.actors import NOBODY, Actor
from apps.common.ports import Notice, notice
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.selectors.switch import held_by_environment, seen_switches

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
