"""What the console says of deciding: pure, and plain text."""

from collections.abc import Sequence

from apps.approvals.choices import State, Via
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Operation
from apps.approvals.selectors.seen import Seen, SeenStage

NAMED = 2
"""So many operations are named; the others are counted."""
DOORS: dict[str, str] = {
    Via.CONSOLE: "in the console",
    Via.API: "through the API",
    Via.WEB: "on the web",
    Via.SOCKET: "through a socket",
    Via.EMAIL: "by e-mail",
    Via.MATRIX: "in Matrix",
    Via.TELEGRAM: "in Telegram",
    Via.MCP: "through MCP",
    Via.VSCODE: "in VS Code",
    Via.COMMAND: "on the command line",
}
ENDED: dict[str, str] = {
    State.ALLOWED: "Approved",
    State.EFFECTIVE: "Approved",
    State.CONSUMED: "Approved and carried out",
    State.INVALIDATED: "Approved, and void since",
    State.DENIED: "Denied",
    State.CHANGES_REQUESTED: "Sent back for changes",
    State.EXPIRED: "Expired",
    State.CANCELLED: "Cancelled",
    State.SUPERSEDED: "Superseded",
}


def what_it_does(operations: Sequence[Operation]) -> str:
    """ "create docs/a.md, edit docs/b.md and 3 more"."""
    named = [f"{each.verb} {each.target}" for each in operations[:NAMED]]
    left = len(operations) - len(named)
    if left:
        named.append(f"{left} more")
    *first, last = named or ["nothing"]
    return f"{', '.join(first)} and {last}" if first else last


def on_approval(told: Seen, stage: SeenStage | None, operations: Sequence[Operation]) -> str:
    """What approving leads to, from whoever looks."""
    if stage is None:
        return ""
    does = what_it_does(operations)
    after = [each for each in told.stages if each.state == "waiting"]
    waits = []
    if stage.needed > 1:
        waits.append(f"{stage.needed - 1} more {_of(stage)}")
    waits += [f"{each.quorum} {_of(each)} in “{each.name}”" for each in after]
    if not waits:
        return f"Approving decides it: {does}."
    return f"Approving is not enough yet. It will {does} once {' and '.join(waits)} approve."


def still_needed(stage: SeenStage) -> str:
    return f"{stage.approvals} of {stage.quorum} approvals in “{stage.name}”"


def who_decided(told: Seen) -> str:
    """ "Denied by Bo in Telegram"; the time stands beside it."""
    row: ApprovalRequest = told.request
    ended = ENDED.get(row.state, "")
    if not ended or told.settled_by is None:
        return ended
    door = DOORS.get(row.settled_via, "")
    return " ".join(filter(None, (ended, f"by {told.settled_by.name}", door)))


def _of(stage: SeenStage) -> str:
    return (
        f"of {' or '.join(f'{role}s' for role in stage.roles)}" if stage.roles else "of those asked"
    )
