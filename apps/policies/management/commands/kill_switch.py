"""`manage.py kill_switch on|off|status`: stop everything, or one workspace, and let it go on."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Report, UsageError
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.selectors.switch import held_by_environment, seen_switches
from apps.policies.services.switching import (
    pull_switch,
    release_switch,
    require_pulling,
    require_releasing,
)


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
        if turn == "status":
            return _status()
        if not reason.strip():
            raise UsageError("Say why: --reason 'An agent went wild'.")
        asked: dict[str, Any] = {"workspace_id": workspace, "reason": reason, "actor": SYSTEM}
        if dry_run:
            require = require_pulling if turn == "on" else require_releasing
            require(**asked)
            return _foreseen(turn, workspace)
        turning = pull_switch if turn == "on" else release_switch
        turning(**asked)
        return _status()


def _foreseen(turn: str, workspace: UUID) -> Report:
    status = _status()
    is_on = KillSwitch.objects.filter(workspace_id=workspace).exists()
    if is_on == (turn == "on"):
        return Report(f"Nothing would change. {status.text}", {**status.facts, "would": None})
    would, done = ("stop", "stopped") if turn == "on" else ("release", "released")
    text = f"{_place(workspace)} would be {done}."
    return Report(f"{text} {status.text}", {**status.facts, "would": would})


def _status() -> Report:
    on = list(seen_switches(SYSTEM))
    held = held_by_environment()
    lines = ["KILL_SWITCH=on in the environment: everything is stopped."] if held else []
    lines += [
        f"{_place(switch.workspace_id)} is stopped since "
        f"{switch.pulled_at:%Y-%m-%d %H:%M:%S} UTC: {switch.reason}"
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


def _place(workspace: UUID) -> str:
    return "Everything" if workspace == EVERYWHERE else f"Workspace {workspace}"
