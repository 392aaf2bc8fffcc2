"""How things stand on a stage: the links of a node, or one that is said from its other side, and
parts that came back without their whole.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

from apps.specs.changes.playing import Stage
from apps.specs.changes.values import LinkState, Operation, in_order
from apps.specs.choices import MUTUAL, Op


def links_of(stage: Stage, node: UUID) -> list[dict[str, str]]:
    """Those that end with it."""
    return [
        {
            "kind": link.kind.value,
            "target": str(link.target),
            "key": stage.nodes[link.target].key if link.target in stage.nodes else "",
        }
        for link in in_order(stage.links_from(node))
    ]


def standing_link(stage: Stage, link: LinkState) -> LinkState | None:
    """This one, or the same said from the other side, where it holds in both directions."""
    if link in stage.links:
        return link
    other = LinkState(link.target, link.kind, link.source)
    return other if link.kind in MUTUAL and other in stage.links else None


def orphaned(operations: Sequence[Operation], stage: Stage) -> Iterator[tuple[int, str]]:
    """Which operations restore a part of what is not there, and what to do."""
    for number, operation in enumerate(operations):
        node = stage.nodes[operation.node] if operation.op == Op.RESTORE else None
        parent = stage.nodes.get(node.parent) if node and node.parent else None
        if node and parent and not parent.is_live:
            message = f"{node.key} was a part of {parent.key}, which was deleted: restore both."
            yield number, message
