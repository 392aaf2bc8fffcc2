"""The digest of what a proposal does: what was there, and what will be. Neither line numbers nor
versions are in it, nor what a node is called: while those alone change, what was approved stays.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from apps.specs.changes.fields import canonical
from apps.specs.changes.kept import lines_kept
from apps.specs.changes.values import Operation
from apps.specs.choices import Op


def content_digest(operations: Sequence[Operation]) -> str:
    """Nodes that it creates go by their place in it, since their ids are made anew at each try."""
    names = {
        str(operation.node): f"new {number}"
        for number, operation in enumerate(operations)
        if operation.op == Op.CREATE
    }
    return sha256(canonical([_said(each, names) for each in operations])).hexdigest()


def _said(operation: Operation, names: Mapping[str, str]) -> list[Any]:
    def named(node: str | None) -> str | None:
        return None if node is None else names.get(node, node)

    def told(values: Mapping[str, Any]) -> dict[str, Any]:
        said = dict(values)
        for field in ("parent", "after"):
            if field in said:
                said[field] = named(said[field])
        if "links" in said:
            said["links"] = sorted([link["kind"], named(link["target"])] for link in said["links"])
        return said

    link = operation.link
    return [
        operation.op.value,
        named(str(operation.node)),
        told(operation.before),
        told(operation.after),
        [lines_kept(hunk) for hunk in operation.hunks],
        link and [named(str(link.source)), link.kind.value, named(str(link.target))],
    ]
