"""What changed since somebody looked: their page holds in a hidden field what it showed, and brings
it along. It decides nothing: the digest does.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.ports import Operation
from apps.policies.documents import digest_of

LONGEST = 200_000


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Nothing in it: it is as it was."""

    content: bool = False
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    asked_before: list[str] = field(default_factory=list)
    asked_now: list[str] = field(default_factory=list)
    risk_before: str = ""

    @property
    def requirements(self) -> bool:
        return bool(self.risk_before) or self.asked_before != self.asked_now

    def of(self, operation: Operation) -> str:
        """What became of one that is there now."""
        name = _name(operation)
        return "new" if name in self.new else "changed" if name in self.changed else ""


def shown_now(reviewed: Reviewed) -> str:
    """For the hidden field."""
    return json.dumps(_seen(reviewed), separators=(",", ":"), sort_keys=True)


def moved_since(saw: str, reviewed: Reviewed) -> Moved | None:
    """None: nobody can read what they saw."""
    before, now = _read(saw), _seen(reviewed)
    if before is None:
        return None
    old, new = before["operations"], now["operations"]
    return Moved(
        content=before["content"] != now["content"],
        new=[name for name in new if name not in old],
        changed=[name for name in new if name in old and old[name] != new[name]],
        gone=[name for name in old if name not in new],
        asked_before=before["asked"],
        asked_now=now["asked"],
        risk_before=before["risk"] if before["risk"] != now["risk"] else "",
    )


def _seen(reviewed: Reviewed) -> dict[str, Any]:
    operations = reviewed.change.operations if reviewed.change else ()
    return {
        "content": reviewed.row.content_digest,
        "risk": reviewed.row.risk_level,
        "asked": [
            f"{stage.name}: {stage.quorum} of {', '.join(stage.roles) or 'those named'}"
            for stage in reviewed.told.stages
        ],
        "operations": {_name(each): _digest(each) for each in operations},
    }


def _read(saw: str) -> dict[str, Any] | None:
    """As it was given out: whatever else somebody sends in its place is nothing."""
    try:
        read: dict[str, Any] = json.loads(saw[:LONGEST])
    except (ValueError, RecursionError):
        return None
    match read:
        case {"content": str(), "risk": str(), "asked": list(asked), "operations": dict(kept)} if (
            all(isinstance(each, str) for each in (*asked, *kept, *kept.values()))
        ):
            return read
    return None


def _name(operation: Operation) -> str:
    return f"{operation.verb} {operation.target}"


def _digest(operation: Operation) -> str:
    about = (operation.diff, operation.before, operation.after, operation.fields)
    return digest_of(repr(about))[:16]
