"""What would change, operation by operation."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.utils.safestring import SafeString

from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.ports import Conflict, Field, Operation
from apps.common.diffs.comparing import MOST, compare, read_patch
from apps.common.diffs.drawing import View, draw
from apps.common.diffs.lines import Diff, Fold
from apps.common.texts.hidden import spelled_out

VIEWS: tuple[View, ...] = ("unified", "split")
FEW = 120
"""Characters that are shown in one piece."""
_FOLD = re.compile(r"(\d{1,9})\.(\d{1,9})")
"""An operation, and the line with which a fold of it starts."""


def shown(reviewed: Reviewed) -> dict[str, Any]:
    change = reviewed.change
    rationale = spelled_out(change.rationale) if change else ""
    operations = change.operations if change else ()
    return {
        **drawn(operations, {**reviewed.asked, "tab": "change"}),
        "rationale": rationale,
        "conflicts": [three_ways(one) for one in change.conflicts] if change else [],
        "beside": change.beside if change else (),
    }


def drawn(operations: Sequence[Operation], asked: Mapping[str, str]) -> dict[str, Any]:
    """Wherever operations are shown. `asked`: the rest of the page's address."""
    view: View = "split" if asked.get("lines") == "split" else "unified"
    told = list(_operations(operations, view, asked))
    return {
        "operations": told,
        "view": view,
        "views": VIEWS,
        "added": sum(operation["diff"].added for operation in told),
        "removed": sum(operation["diff"].removed for operation in told),
    }


def _operations(
    operations: Sequence[Operation], view: View, asked: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """All of them share the room there is, in their order."""
    opened = [(int(one), int(line)) for one, line in _FOLD.findall(asked.get("open", ""))]
    targets = {told.number: told.target for told in operations}
    room = MOST
    for told in operations:
        if asked.get("operation", str(told.number)) != str(told.number):
            continue
        diff = _diff(told, [line for one, line in opened if one == told.number], room)
        room = diff.room
        yield {
            "told": told,
            "target": targets[told.number],
            "diff": diff,
            "drawn": _drawn(diff, told, view, asked) if diff.parts or diff.notes else "",
            "fields": [_field(one, view) for one in told.fields],
            "needs": [targets[number] for number in told.needs if number in targets],
        }


def _diff(told: Operation, opened: Collection[int], room: int) -> Diff:
    if told.before is None and told.after is None:
        return read_patch(spelled_out(told.diff), most=room)
    before, after = spelled_out(told.before or ""), spelled_out(told.after or "")
    return compare(before, after, opened=opened, most=room)


def _drawn(diff: Diff, told: Operation, view: View, asked: Mapping[str, str]) -> SafeString:
    def unfold(fold: Fold) -> str:
        opened = ",".join(filter(None, [asked.get("open"), f"{told.number}.{fold.start}"]))
        return f"?{urlencode({**asked, 'lines': view, 'open': opened})}"

    return draw(diff, name=told.target, view=view, operation=told.number, unfold=unfold)


def three_ways(told: Conflict) -> dict[str, Any]:
    """From what stood there to what stands there now, and to what would."""
    field, base = spelled_out(told.field), spelled_out(told.base)
    return {
        "target": spelled_out(told.target),
        "field": field,
        "message": spelled_out(told.message),
        "ways": [
            (label, draw(compare(base, spelled_out(other)), name=f"{field}, {label.lower()}"))
            for label, other in (("Changed meanwhile", told.theirs), ("Proposed", told.ours))
        ],
    }


def _field(told: Field, view: View) -> dict[str, Any]:
    """Links as what went, came and stayed, and so a word or two that came or went; any other text
    as a difference of its own."""
    name = spelled_out(told.name)
    before, after = _listed(told.before), _listed(told.after)
    if before is None or after is None or (told.before and told.after and _is_text(told)):
        diff = compare(_text(told.before), _text(told.after))
        return {"name": name, "drawn": draw(diff, name=name, view=view), "left": diff.left}
    kinds = {
        "gone": [one for one in before if one not in after],
        "new": [one for one in after if one not in before],
        "same": [one for one in before if one in after],
    }
    links = [(kind, spelled_out(one)) for kind, some in kinds.items() for one in some]
    return {"name": name, "links": links}


def _is_text(told: Field) -> bool:
    return isinstance(told.before, str) or isinstance(told.after, str)


def _listed(value: str | tuple[str, ...] | None) -> tuple[str, ...] | None:
    """None: it is too long for that."""
    if isinstance(value, str):
        return (value,) if len(value) <= FEW and "\n" not in value else None
    return value or ()


def _text(value: str | tuple[str, ...] | None) -> str:
    """A field's last line ends like any other."""
    text = spelled_out(value if isinstance(value, str) else "\n".join(value or ()))
    return f"{text}\n" if text else ""
