"""Operations brought onto the graph as it is now: field by field, and bodies line by line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.common.diffs.hunks import apply_hunks, hunks_between
from apps.specs.changes.fields import all_fields, is_same, value_of
from apps.specs.changes.merging import merge, moved_along
from apps.specs.changes.playing import Played, Stage, played_on
from apps.specs.changes.ranks import Crowded
from apps.specs.changes.standing import links_of, orphaned, standing_link
from apps.specs.changes.values import Conflict, Excerpt, LinkState, NodeState, Operation
from apps.specs.choices import Op
from apps.specs.schemas import MOST_CHARACTERS


@dataclass(frozen=True, kw_only=True)
class Rebased:
    operations: tuple[Operation, ...]
    """With conflicts, those that have none stand on what is now, and the others as they were."""
    played: Played | None
    """What comes of them. None: they conflict."""
    conflicts: tuple[Conflict, ...]


def rebase(
    operations: Sequence[Operation],
    excerpt: Excerpt,
    *,
    bodies: Mapping[tuple[UUID, int], str] | None = None,
) -> Rebased:
    """`bodies`: what nodes said in the versions that edits were made from (see bodies_wanted)."""
    rebaser = _Rebaser(excerpt, bodies or {})
    rebased = tuple(rebaser.take(number, each) for number, each in enumerate(operations))
    rebaser.end(rebased)
    conflicts = tuple(rebaser.conflicts)
    played = None if conflicts else played_on(rebaser.stage, rebased, excerpt)
    return Rebased(operations=rebased, played=played, conflicts=conflicts)


def bodies_wanted(operations: Sequence[Operation], excerpt: Excerpt) -> set[tuple[UUID, int]]:
    """Older versions from which bodies were edited."""
    return {
        (each.node, each.base)
        for each in operations
        if each.op == Op.EDIT and each.base
        if each.node in excerpt.nodes and excerpt.nodes[each.node].version != each.base
    }


class _Clashes(Exception):
    def __init__(self, *conflicts: dict[str, Any]) -> None:
        self.conflicts = conflicts


def _clash(field: str, message: str, base: Any = None, theirs: Any = None, ours: Any = None) -> Any:
    return {"field": field, "message": message, "base": base, "theirs": theirs, "ours": ours}


class _Rebaser:
    def __init__(self, excerpt: Excerpt, bodies: Mapping[tuple[UUID, int], str]) -> None:
        self.excerpt = excerpt
        self.bodies = bodies
        self.stage = Stage(excerpt)
        self.unmoved: dict[UUID, str] = {}
        """What bodies would be if nobody else had changed them, edited so far."""
        self.conflicts: list[Conflict] = []

    def take(self, number: int, operation: Operation) -> Operation:
        try:
            rebased = self._onto(operation)
            self.stage.do(rebased)
        except _Clashes as clashes:
            found = clashes.conflicts
        except Crowded:
            found = (_clash("after", "No more goes in between there by now."),)
        else:
            return rebased
        self.conflicts += (Conflict(operation=number, **each) for each in found)
        return operation

    def end(self, operations: Sequence[Operation]) -> None:
        if not self.conflicts:
            self.conflicts += (
                Conflict(operation=number, **_clash("target", message))
                for number, message in orphaned(operations, self.stage)
            )

    def _onto(self, operation: Operation) -> Operation:
        if operation.op == Op.CREATE:
            return self._create(operation)
        node = self.stage.nodes.get(operation.node)
        if node is None or node.is_live == (operation.op == Op.RESTORE):
            state = "restored" if node and node.is_live else "deleted"
            raise _Clashes(_clash("target", f"{operation.key} was {state} meanwhile."))
        now = replace(operation, key=node.key, kind=node.kind, base=node.version)
        match operation.op:
            case Op.UPDATE | Op.SET | Op.RENAME:
                return self._fields(now, node)
            case Op.EDIT:
                return self._edit(now, node, operation.base)
            case Op.MOVE:
                return self._move(now, node)
            case Op.DELETE:
                return self._delete(now, node)
            case Op.RESTORE:
                return self._restore(now, node)
            case Op.LINK | Op.UNLINK if operation.link:
                return self._link(now, operation.link)
        return now

    def _create(self, operation: Operation) -> Operation:
        self._free(operation.key, operation.node)
        for number, link in enumerate(operation.after["links"]):
            self._end(f"links.{number}.target", link["target"])
        self._end("parent", operation.after["parent"])
        return self._placed(operation)

    def _fields(self, operation: Operation, node: NodeState) -> Operation:
        clashes: list[dict[str, Any]] = []
        for field, ours in operation.after.items():
            base, theirs = operation.before[field], value_of(node, field)
            if is_same(theirs, base):
                continue
            already = is_same(theirs, ours)
            message = (
                f"Of {node.key}, this has been changed to the same meanwhile."
                if already
                else f"Of {node.key}, this has been changed otherwise meanwhile."
            )
            clashes.append(_clash(field, message, base, theirs, ours))
        if clashes:
            raise _Clashes(*clashes)
        if "key" in operation.after:
            self._free(operation.after["key"], node.id)
        return operation

    def _edit(self, operation: Operation, node: NodeState, stated: int) -> Operation:
        if node.id in self.unmoved:
            base = self.unmoved[node.id]
        else:
            base = node.body if stated == node.version else self.bodies[node.id, stated]
        ours = self.unmoved[node.id] = apply_hunks(operation.hunks, base)
        if base == node.body:
            return operation
        if hunks := moved_along(operation.hunks, base, node.body):
            return replace(operation, hunks=hunks)
        merged = merge(base, node.body, ours)
        if merged.clashes:
            where = f"The body of {node.key} has been changed otherwise meanwhile, from line "
            raise _Clashes(
                *(
                    _clash("body", f"{where}{each.line} on.", each.base, each.theirs, each.ours)
                    for each in merged.clashes
                )
            )
        if merged.text == node.body:
            raise _Clashes(_clash("body", f"The body of {node.key} reads so by now."))
        if len(merged.text) > MOST_CHARACTERS:
            raise _Clashes(_clash("body", f"The body of {node.key} would become too long by now."))
        return replace(operation, hunks=hunks_between(node.body, merged.text))

    def _move(self, operation: Operation, node: NodeState) -> Operation:
        base, theirs = operation.before["parent"], value_of(node, "parent")
        ours = operation.after["parent"]
        if base != theirs:
            message = f"{node.key} has been moved meanwhile."
            raise _Clashes(_clash("parent", message, base, theirs, ours))
        self._end("parent", ours)
        if ours and self.stage.is_within(UUID(ours), node.id):
            message = f"{node.key} would become a part of itself by now."
            raise _Clashes(_clash("parent", message, base, theirs, ours))
        placed = self._placed(operation)
        stands = self.stage.before_in_order(node.id)
        if ours == theirs and placed.after["after"] == (stands and str(stands)):
            raise _Clashes(_clash("parent", f"{node.key} stands there by now."))
        return placed

    def _delete(self, operation: Operation, node: NodeState) -> Operation:
        now = {**all_fields(node), "links": links_of(self.stage, node.id)}
        self._unchanged(node.key, operation.before, now)
        return replace(operation, before=now)

    def _restore(self, operation: Operation, node: NodeState) -> Operation:
        now = all_fields(node)
        self._unchanged(node.key, operation.after, now)
        return replace(operation, after=now)

    def _unchanged(self, key: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """What goes or comes back whole: all that it says."""
        clashes = [
            _clash(field, f"{key} has been changed meanwhile.", then.get(field), now.get(field))
            for field in {**then, **now}
            if field not in ("key", "parent", "links")
            and not is_same(then.get(field), now.get(field))
        ]
        if clashes:
            raise _Clashes(*clashes)

    def _link(self, operation: Operation, link: LinkState) -> Operation:
        target = self._end("to", str(link.target), is_live=operation.op == Op.LINK)
        standing = standing_link(self.stage, link)
        if operation.op == Op.LINK and standing:
            raise _Clashes(_clash("to", f"{operation.key} has this link to {target} by now."))
        if operation.op == Op.UNLINK and standing != link:
            message = f"{operation.key} has no link of this kind to {target} any more."
            raise _Clashes(_clash("to", message))
        return replace(operation, target_key=target)

    def _end(self, field: str, node: str | None, *, is_live: bool = True) -> str:
        """What it is called, if it still is there."""
        if node is None:
            return ""
        found = self.stage.nodes.get(UUID(node))
        if found is None or (is_live and not found.is_live):
            name = found.key if found else "What this names"
            raise _Clashes(_clash(field, f"{name} was deleted meanwhile."))
        return found.key

    def _free(self, key: str, node: UUID) -> None:
        had = self.excerpt.named(key)
        if self.excerpt.has_given(key) and (had is None or had.id != node):
            raise _Clashes(_clash("key", f"{key} was given to another one meanwhile."))

    def _placed(self, operation: Operation) -> Operation:
        """Behind the same part. Where that has gone, behind the last."""
        parent, after = (operation.after[name] for name in ("parent", "after"))
        if after is None or self._is_part(UUID(after), parent, beside=operation.node):
            return operation
        parts = self.stage.parts_of(UUID(parent) if parent else None)
        last = next((str(part) for part in reversed(parts) if part != operation.node), None)
        return replace(operation, after={**operation.after, "after": last})

    def _is_part(self, node: UUID, parent: str | None, *, beside: UUID) -> bool:
        """Without a look at the parts, which may be many."""
        found = self.stage.nodes.get(node)
        if found is None or node == beside:
            return False
        return found.is_live and parent is not None and found.parent == UUID(parent)
