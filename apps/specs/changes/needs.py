"""Which operations of a proposal cannot go without which others: for accepting a part of it."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from apps.specs.changes.touching import ends_of
from apps.specs.changes.values import LinkState, Operation
from apps.specs.choices import MUTUAL, Op

_BODY = "body"
_PLACE = "parent"


def needs_of(operations: Sequence[Operation]) -> tuple[tuple[int, ...], ...]:
    """Of each, the numbers of those that it needs at once. Those need others in their turn."""
    releases = _releases(operations)
    makers: dict[UUID, int] = {}
    writers: dict[tuple[UUID, str], int] = {}
    linkers: dict[LinkState, int] = {}
    done: dict[UUID, list[int]] = defaultdict(list)
    movers: list[int] = []
    needs: list[tuple[int, ...]] = []
    for number, operation in enumerate(operations):
        node, ends = operation.node, set(ends_of(operation))
        needed = {makers[each] for each in {node, *ends} if each in makers}
        if (stands := operation.after.get("after")) and (UUID(stands), _PLACE) in writers:
            needed.add(writers[UUID(stands), _PLACE])
        if operation.link:
            link = _undirected(operation.link)
            needed |= {linkers[link]} if link in linkers else set()
            linkers[link] = number
        elif operation.op == Op.DELETE:
            needed |= {*done[node], *releases[node]}
        for field in _written(operation):
            needed |= {writers[node, field]} if (node, field) in writers else set()
            writers[node, field] = number
        if _moves_over(operation):
            needed |= set(movers)
            movers.append(number)
        if operation.op in (Op.CREATE, Op.RESTORE):
            makers[node] = number
        done[node].append(number)
        needs.append(tuple(sorted(needed - {number})))
    return tuple(needs)


def _releases(operations: Sequence[Operation]) -> dict[UUID, set[int]]:
    """Of a node, what takes links to it and parts from it, before or after it is deleted."""
    found: dict[UUID, set[int]] = defaultdict(set)
    for number, operation in enumerate(operations):
        if operation.op == Op.UNLINK and operation.link:
            found[operation.link.target].add(number)
        elif operation.op in (Op.DELETE, Op.MOVE):
            for end in ends_of(operation):
                found[end].add(number)
    return found


def _moves_over(operation: Operation) -> bool:
    """To another parent. Whether that makes it a part of itself can lie with any such before it."""
    before, after = operation.before.get(_PLACE), operation.after.get(_PLACE)
    return operation.op == Op.MOVE and before != after


def _written(operation: Operation) -> tuple[str, ...]:
    match operation.op:
        case Op.EDIT:
            return (_BODY,)
        case Op.MOVE:
            return (_PLACE,)
        case Op.UPDATE | Op.SET | Op.RENAME:
            return tuple(operation.after)
    return ()


def _undirected(link: LinkState) -> LinkState:
    if link.kind in MUTUAL and link.target < link.source:
        return LinkState(link.target, link.kind, link.source)
    return link
