"""A proposal as policies judge it: every operation, every text, to the last character. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.policies.choices import ActKind, Verb
from apps.policies.ports import Act
from apps.policies.ports import Operation as Judged
from apps.specs.changes.values import Excerpt, NodeState, Operation
from apps.specs.choices import Op

VERBS = {
    Op.CREATE: Verb.CREATE,
    Op.UPDATE: Verb.UPDATE,
    Op.SET: Verb.UPDATE,
    Op.EDIT: Verb.EDIT,
    Op.RENAME: Verb.RENAME,
    Op.MOVE: Verb.MOVE,
    Op.DELETE: Verb.DELETE,
    Op.RESTORE: Verb.CREATE,
    Op.LINK: Verb.LINK,
    Op.UNLINK: Verb.UNLINK,
}
Changed = Mapping[UUID, tuple[NodeState | None, NodeState]]
_PLACES = frozenset({"parent", "after", "links", "owner", "status"})
"""Fields that hold nothing anybody wrote."""


def act_of(
    title: str,
    rationale: str,
    operations: Sequence[Operation],
    before: Excerpt,
    changed: Changed,
    *,
    impact: int,
) -> Act:
    """`changed`: each node before and after, as far as that is known."""
    texts = {"title": title, "rationale": rationale}
    last = {each.node: number for number, each in enumerate(operations) if each.hunks}
    for number, operation in enumerate(operations):
        texts |= _texts(f"operations.{number}", operation)
        if last.get(operation.node) == number:
            texts[f"operations.{number}.body"] = _body(operation, changed)
    return Act(
        kind=ActKind.SPEC_CHANGE,
        operations=tuple(
            judged for operation in operations for judged in _judged(operation, before, changed)
        ),
        texts={name: text for name, text in texts.items() if text},
        diff_lines=lines_in(operations, changed),
        impact=impact,
    )


def lines_in(operations: Sequence[Operation], changed: Changed) -> int:
    """Of bodies, added and removed."""
    return sum(_lines(operation, changed) for operation in operations)


def _judged(operation: Operation, before: Excerpt, changed: Changed) -> Iterator[Judged]:
    """By what it was and by what it becomes: no rule is left behind by a new name or kind. A link
    is judged by both of its ends."""
    verb = VERBS[operation.op]
    said = (operation.before.get("labels"), operation.after.get("labels"))
    labels = _labels(_states(operation.node, before, changed)).union(*(each or () for each in said))
    becomes = (
        operation.after.get("key") or operation.key,
        operation.after.get("kind") or operation.kind,
    )
    for key, kind in dict.fromkeys([(operation.key, operation.kind), becomes]):
        yield Judged(verb=verb, target=key, node_kind=kind, labels=labels)
    for verb, target in _ends(operation):
        end = _states(target, before, changed)
        for key, kind in dict.fromkeys((state.key, state.kind) for state in end):
            yield Judged(verb=verb, target=key, node_kind=kind, labels=_labels(end))


def _ends(operation: Operation) -> Iterator[tuple[Verb, UUID]]:
    """What its links lead to, also those that a node brings with it or takes away."""
    if operation.link:
        yield VERBS[operation.op], operation.link.target
    for verb, said in ((Verb.LINK, operation.after), (Verb.UNLINK, operation.before)):
        for link in said.get("links", ()):
            yield verb, UUID(link["target"])


def _states(node: UUID, before: Excerpt, changed: Changed) -> list[NodeState]:
    """As it was and as it becomes. A link leaves both of its ends as they are."""
    known = (before.nodes.get(node), *changed.get(node, ()))
    return [state for state in known if state is not None]


def _labels(states: Sequence[NodeState]) -> frozenset[str]:
    return frozenset(label for state in states for label in state.labels)


def _texts(place: str, operation: Operation) -> dict[str, str]:
    return {
        f"{place}.{name}": _text(value)
        for name, value in operation.after.items()
        if name not in _PLACES
    }


def _body(edit: Operation, changed: Changed) -> str:
    """As it becomes, told once, however often it is edited."""
    _, after = changed.get(edit.node, (None, None))
    added = (line.text for hunk in edit.hunks for line in hunk.lines if line.kind == "+")
    return after.body if after else "\n".join(added)


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _lines(operation: Operation, changed: Changed) -> int:
    if operation.hunks:
        return sum(line.kind != " " for hunk in operation.hunks for line in hunk.lines)
    before, after = changed.get(operation.node, (None, None))
    gone = before.body if before and operation.op == Op.DELETE else ""
    new = after.body if after and operation.op in (Op.CREATE, Op.RESTORE) else ""
    return len(gone.splitlines()) + len(new.splitlines())
