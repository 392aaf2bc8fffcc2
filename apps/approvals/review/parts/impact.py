"""What else depends on what would change: as a graph, and in words."""

from dataclasses import replace
from typing import Any

from apps.approvals.ports import Affected, subjects
from apps.approvals.review.graphs import graph_of
from apps.approvals.review.reviewed import Reviewed
from apps.policies.engine.hidden import spelled_out


def shown(reviewed: Reviewed) -> dict[str, Any]:
    subject = subjects.get(reviewed.row.subject_kind)
    if subject is None:
        return {"affected": (), "graph": None}
    found = [
        replace(each, label=spelled_out(each.label), how=spelled_out(each.how))
        for each in subject.impact(reviewed.row.subject_id, actor=reviewed.me)
    ]
    return {
        "affected": _nested(found),
        "graph": graph_of(found, change="This " + subject.label.lower()) if found else None,
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
