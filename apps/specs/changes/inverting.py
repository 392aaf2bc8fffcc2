"""The operations that would undo others, in the form they are sent in."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from apps.common.diffs.hunks import hunks_between
from apps.common.diffs.unified import written_hunk
from apps.specs.changes.fields import ATTRIBUTE
from apps.specs.changes.playing import Played, Stage
from apps.specs.changes.values import Operation
from apps.specs.choices import Op


def inverse_of(played: Played, operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Last first; but what was deleted comes back before anything leads to it. Their bases are the
    versions that come of the operations."""
    stage = Stage(played.before)
    undone: list[dict[str, Any]] = []
    edited: set[UUID] = set()
    for operation in operations:
        if operation.op != Op.EDIT:
            undone[:0] = [*_undo(operation, stage)]
        elif operation.node not in edited:  # the first of several takes all of them back
            edited.add(operation.node)
            undone[:0] = _unedit(operation.node, stage, played)
        stage.do(operation)
    for each in undone:
        node = played.after.nodes[UUID(each["target"])]
        if each["op"] not in (Op.LINK, Op.UNLINK):
            each["base"] = node.version
    return sorted(undone, key=lambda each: each["op"] != Op.RESTORE)


def _undo(operation: Operation, stage: Stage) -> Iterator[dict[str, Any]]:
    """`stage`: as it was just before."""
    target = {"target": str(operation.node)}
    match operation.op:
        case Op.CREATE | Op.RESTORE:
            yield {"op": Op.DELETE.value, **target}
        case Op.RENAME:
            yield {"op": Op.RENAME.value, **target, "key": operation.before["key"]}
        case Op.UPDATE | Op.SET:
            yield from _set_back(operation)
        case Op.MOVE:
            after = _stood_behind(stage, operation.node)
            parent = operation.before["parent"]
            place = {"parent": parent, "after": None if after is None else str(after)}
            yield {"op": Op.MOVE.value, **target, **place}
        case Op.DELETE:
            yield {"op": Op.RESTORE.value, **target}
            for link in operation.before["links"]:
                yield {"op": Op.LINK.value, **target, "kind": link["kind"], "to": link["target"]}
        case Op.LINK | Op.UNLINK if operation.link:
            op = Op.UNLINK if operation.op == Op.LINK else Op.LINK
            to = str(operation.link.target)
            yield {"op": op.value, **target, "kind": operation.link.kind.value, "to": to}


def _stood_behind(stage: Stage, node: UUID) -> UUID | None:
    """What was deleted before counts as well: by then it stands there again."""
    moved = stage.nodes[node]
    if moved.parent is None:
        return None
    gone = {part for part in stage.deleted if stage.nodes[part].parent == moved.parent}
    parts = gone | set(stage.parts_of(moved.parent))
    before = [part for part in parts if stage.nodes[part].rank < moved.rank]
    return max(before, key=lambda part: stage.nodes[part].rank, default=None)


def _set_back(operation: Operation) -> Iterator[dict[str, Any]]:
    target = {"target": str(operation.node)}
    plain = {f: value for f, value in operation.before.items() if not f.startswith(ATTRIBUTE)}
    if plain:
        yield {"op": Op.UPDATE.value, **target, "changes": plain}
    for field, value in operation.before.items():
        if field.startswith(ATTRIBUTE):
            name = field.removeprefix(ATTRIBUTE)
            yield {"op": Op.SET.value, **target, "attribute": name, "value": value}


def _unedit(node: UUID, stage: Stage, played: Played) -> list[dict[str, Any]]:
    hunks = hunks_between(played.after.nodes[node].body, stage.nodes[node].body)
    patch = "".join(f"{line}\n" for hunk in hunks for line in written_hunk(hunk))
    return [{"op": Op.EDIT.value, "target": str(node), "patch": patch}] if patch else []
