"""A proposal as people decide on it: each operation with what changes by it, what the checks found,
and which texts can be edited. Pure.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.approvals.ports import Conflict, Editable, Field
from apps.approvals.ports import Operation as Shown
from apps.common.diffs.hunks import apply_hunks
from apps.common.texts.hidden import spelled_out
from apps.specs.changes.needs import needs_of
from apps.specs.changes.values import LinkState, Operation
from apps.specs.changes.words import diff_of
from apps.specs.checks.registry import checks
from apps.specs.choices import LinkKind, Op, Severity
from apps.specs.wording import OUTWARDS

BODY = "body"
LATE = {"likeness": "Nothing says the same already"}
"""Checks that take their time, by name: what they found comes when it comes."""
_UNSHOWN = frozenset({BODY, "key", "after", "links"})


def shown_operations(
    operations: Sequence[Operation],
    bodies: Mapping[UUID, str],
    links: frozenset[LinkState],
    names: Mapping[UUID, str],
) -> tuple[Shown, ...]:
    """`bodies` and `links`: as they are before. `names`: what nodes are called, and people."""
    needs = needs_of(operations)
    own: dict[UUID, set[LinkState]] = defaultdict(set)
    for link in links:
        if link.target in names:
            own[link.source].add(link)
    return tuple(
        Shown(
            number=number,
            verb=operation.op.value,
            target=_target(operation),
            diff=diff_of(operation),
            before=before,
            after=after,
            fields=tuple(_fields(operation, own[operation.node], names)),
            needs=needs[number],
        )
        for number, (operation, before, after) in enumerate(with_bodies(operations, bodies))
    )


def with_bodies(
    operations: Sequence[Operation], bodies: Mapping[UUID, str]
) -> Iterator[tuple[Operation, str | None, str | None]]:
    """Each with the body before and after it. None: it has nothing to do with one."""
    now = dict(bodies)
    for operation in operations:
        before = after = None
        match operation.op:
            case Op.EDIT:
                before = now.get(operation.node, "")
                after = now[operation.node] = apply_hunks(operation.hunks, before)
            case Op.CREATE | Op.RESTORE:
                after = now[operation.node] = operation.after.get(BODY, "")
            case Op.DELETE:
                before = operation.before.get(BODY, "")
        yield operation, before, after


def editable(operations: Sequence[Operation], bodies: Mapping[UUID, str]) -> tuple[Editable, ...]:
    return tuple(
        Editable(
            name=edit_name(number),
            label=f"What {operation.key} says",
            text=after,
        )
        for number, (operation, _, after) in enumerate(with_bodies(operations, bodies))
        if after is not None and operation.op != Op.RESTORE
    )


def edit_name(number: int) -> str:
    return f"operations.{number}.{BODY}"


def shown_findings(findings: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """What each check found, and after that those that found nothing."""
    found = {finding["check"] for finding in findings}
    for finding in findings:
        name = finding["check"]
        yield {
            "name": checks()[name].title if name in checks() else LATE.get(name, name),
            "severity": finding["severity"],
            "passed": finding["severity"] == Severity.ADVICE,
            "place": _place(finding),
            "text": spelled_out(finding["message"]),
            "fix": spelled_out(finding["fix"]),
        }
    for name, check in checks().items():
        if name not in found:
            yield {"name": check.title, "passed": True}


def shown_conflicts(
    conflicts: Sequence[Mapping[str, Any]], operations: Sequence[Operation]
) -> tuple[Conflict, ...]:
    return tuple(
        Conflict(
            target=operations[conflict["operation"]].key,
            field=conflict["field"],
            message=conflict["message"],
            **{side: _text(conflict[side]) for side in ("base", "theirs", "ours")},
        )
        for conflict in conflicts
    )


def _place(finding: Mapping[str, Any]) -> str:
    """REQ-12 body, line 3."""
    line = finding["line"] and f"line {finding['line']}"
    what = " ".join(filter(None, (finding["key"], finding["field"])))
    return spelled_out(", ".join(filter(None, (what, line))))


def _target(operation: Operation) -> str:
    if operation.op == Op.RENAME:
        return f"{operation.key} to {operation.after['key']}"
    return operation.key


def _fields(
    operation: Operation, own: set[LinkState], names: Mapping[UUID, str]
) -> Iterator[Field]:
    for name in {**operation.before, **operation.after}:
        if name not in _UNSHOWN:
            before = value_told(name, operation.before.get(name), names)
            after = value_told(name, operation.after.get(name), names)
            if before != after:
                yield Field(name=name.replace("_", " "), before=before, after=after)
    yield from _links(operation, own, names)


def _links(operation: Operation, own: set[LinkState], names: Mapping[UUID, str]) -> Iterator[Field]:
    """Its links of the kinds that change, to what is named."""
    gone, new = _taken(operation, operation.before), _taken(operation, operation.after)
    if operation.link:
        (new if operation.op == Op.LINK else gone).add(operation.link)
    for kind in sorted({link.kind for link in gone | new}):
        before = {link.target for link in own | gone if link.kind == kind}
        before -= {link.target for link in new if link.kind == kind}
        after = {link.target for link in own | new if link.kind == kind}
        after -= {link.target for link in gone if link.kind == kind}
        yield Field(name=OUTWARDS[kind], before=_named(before, names), after=_named(after, names))


def _taken(operation: Operation, values: Mapping[str, Any]) -> set[LinkState]:
    return {
        LinkState(operation.node, LinkKind(link["kind"]), UUID(link["target"]))
        for link in values.get("links", ())
    }


def _named(nodes: set[UUID], names: Mapping[UUID, str]) -> tuple[str, ...]:
    return tuple(sorted(names.get(node, str(node)) for node in nodes))


def value_told(name: str, value: Any, names: Mapping[UUID, str]) -> str | tuple[str, ...] | None:
    """Of a field, as people read it."""
    if value is None or value == "":
        return None
    if name in ("parent", "owner"):
        return names.get(UUID(value), str(value))
    if name == "labels":
        return tuple(value) or None
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
