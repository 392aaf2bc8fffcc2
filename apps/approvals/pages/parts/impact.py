"""What else depends on what would change: as a graph, and in words."""

from typing import Any

from apps.approvals.pages.graphs import graph_of
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.ports import Affected
from apps.approvals.selectors.subjects import impact_of, label_of


def shown(reviewed: Reviewed) -> dict[str, Any]:
    every = impact_of(reviewed.row, reviewed.me)
    found = [each for each in every if not each.is_alike]
    change = f"This {label_of(reviewed.row).lower()}"
    return {
        "affected": _nested(found),
        "graph": graph_of(found, change=change) if found else None,
        "alike": _nested([each for each in every if each.is_alike]),
    }


def _nested(found: list[Affected]) -> list[dict[str, Any]]:
    """Each below what it follows from; what follows from something unknown, from the change. What
    follows from several stands below each, and what follows from it below the first."""
    lists: dict[str, list[dict[str, Any]]] = {key: [] for key in ("", *(e.key for e in found))}
    told: set[str] = set()
    for each in found:
        below = lists[each.key] if each.key not in told else []
        told.add(each.key)
        lists[each.of if each.of in lists else ""].append({"told": each, "below": below})
    return lists[""]
