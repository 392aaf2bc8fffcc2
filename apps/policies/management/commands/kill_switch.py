"""`manage.py kill_switch on|off|status`: stop everything, or one workspace, and let it go on."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Report, UsageError
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.selectors.switch import held_by_environment, seen_switches
from apps.policies.services.switching import pull_switch, release_switch


class Command(LatticeCommand):
    help = (
        "Stop every effect, everywhere or in one workspace, or let it go on. It needs PostgreSQL "
        "alone. KILL_SWITCH=on in the environment does the same and cannot be released here."
    )
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("turn", choices=["on", "off", "status"])
        parser.add_argument("--workspace", type=UUID, default=EVERYWHERE, metavar="ID")
        parser.add_argument("--reason", default="", help="Recorded, and shown in the console.")

    def run(self, *, turn: str, workspace: UUID, reason: str, dry_run: bool, **_: Any) -> Report:
        if turn != "status" and not reason.strip():
            raise UsageError("Say why: --reason 'An agent went wild'.")
        if not dry_run:
            if turn == "on":
                pull_switch(workspace_id=workspace, reason=reason, actor=SYSTEM)
            elif turn == "off":
                release_switch(workspace_id=workspace, reason=reason, actor=SYSTEM)
        return _status()


def _status() -> Report:
    on = list(seen_switches(SYSTEM))
    held = held_by_environment()
    lines = ["KILL_SWITCH=on in the environment: everything is stopped."] if held else []
    lines += [
        f"{_place(switch)} stopped since {switch.pulled_at:%Y-%m-%d %H:%M:%S} UTC: {switch.reason}"
        for switch in on
    ]
    facts = {
        "held_by_environment": held,
        "on": [
            {
                "workspace": None if switch.workspace_id == EVERYWHERE else switch.workspace_id,
                "reason": switch.reason,
                "pulled_by": switch.pulled_by,
                "pulled_at": switch.pulled_at,
            }
            for switch in on
        ],
    }
    return Report("\n".join(lines) or "The kill switch is off.", facts)


def _place(switch: KillSwitch) -> str:
    everywhere = switch.workspace_id == EVERYWHERE
    return "Everything is" if everywhere else f"Workspace {switch.workspace_id} is"
