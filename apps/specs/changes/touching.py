"""Which nodes a proposal has to do with: what is locked, looked at again and told of."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from apps.specs.changes.values import Operation
from apps.specs.choices import LINKING


def touched_by(operations: Sequence[Operation]) -> set[UUID]:
    """Those that it changes, and those whose links it does."""
    return {operation.node for operation in operations}


def changed_by(operations: Sequence[Operation]) -> set[UUID]:
    """Those of which it changes more than links."""
    return {operation.node for operation in operations if operation.op not in LINKING}


def leant_on_by(operations: Sequence[Operation]) -> set[UUID]:
    """Others that have to be there: parents, the parts it puts something behind, ends of links."""
    others = {node for operation in operations for node in ends_of(operation)}
    return others - touched_by(operations)


def ends_of(operation: Operation) -> Iterator[UUID]:
    """What it names beside the node that it is done to."""
    for values in (operation.before, operation.after):
        for field in ("parent", "after"):
            if values.get(field):
                yield UUID(values[field])
        for link in values.get("links", ()):
            yield UUID(link["target"])
    if operation.link:
        yield operation.link.target
