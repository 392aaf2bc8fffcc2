"""What was checked, and what came out: what failed comes first, then what only warns."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.approvals.pages.reviewed import Reviewed

WARNING = "warning"


def shown(reviewed: Reviewed) -> dict[str, Any]:
    return told(reviewed.change.checks if reviewed.change else ())


def told(checks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Wherever checks are shown."""
    return {
        "checks": sorted(checks, key=lambda check: (bool(check["passed"]), _warns(check))),
        "failed": sum(not check["passed"] and not _warns(check) for check in checks),
        "warnings": sum(map(_warns, checks)),
    }


def counted(reviewed: Reviewed) -> dict[str, int]:
    """By how grave it is."""
    found = shown(reviewed)
    return {"bad": found["failed"], "wait": found["warnings"]}


def _warns(check: Mapping[str, Any]) -> bool:
    return check.get("severity") == WARNING
