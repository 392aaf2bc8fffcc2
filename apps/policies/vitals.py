"""What the doctor and Prometheus are told of kill switches."""

from collections.abc import Iterator

from apps.common.ports import Finding, Health, Level
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE
from apps.policies.selectors.switch import held_by_environment

ON = "it is on"


def examine_switches() -> Iterator[Finding]:
    if held_by_environment():
        fix = "Unset KILL_SWITCH and start anew, when what made somebody set it is over."
        yield Finding("kill switch", Health.WARN, f"{ON} for everything, by the environment", fix)
    switches = list(KillSwitch.objects.order_by("workspace_id"))
    for switch in switches:
        everywhere = switch.workspace_id == EVERYWHERE
        place = "everything" if everywhere else f"the workspace {switch.workspace_id}"
        chosen = "" if everywhere else f" --workspace {switch.workspace_id}"
        fix = f"`manage.py kill_switch off{chosen} --reason …`, when that is over."
        yield Finding("kill switch", Health.WARN, f"{ON} for {place}: {switch.reason}", fix)
    if not switches and not held_by_environment():
        yield Finding("kill switch", Health.OK, "off")


def switch_levels() -> Iterator[Level]:
    stopped = set(KillSwitch.objects.values_list("workspace_id", flat=True))
    everything = held_by_environment() or EVERYWHERE in stopped
    yield Level(
        "lattice_kill_switch_on",
        "Whether everything is stopped, and how many workspaces are by a switch of their own.",
        {"everything": int(everything), "workspace": len(stopped - {EVERYWHERE})},
        label="scope",
    )
