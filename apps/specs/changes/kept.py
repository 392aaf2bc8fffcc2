"""Operations as the JSON of a proposal's row, and from there again. What is empty is left out."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from apps.common.diffs.hunks import Hunk, Line
from apps.specs.changes.values import LinkState, Operation
from apps.specs.choices import LinkKind, Op


def kept(operations: Sequence[Operation]) -> list[dict[str, Any]]:
    return [_kept(operation) for operation in operations]


def read(kept: Sequence[dict[str, Any]]) -> tuple[Operation, ...]:
    return tuple(_read(each) for each in kept)


def lines_kept(hunk: Hunk) -> list[str]:
    """Each with what becomes of it before it, and with its line feed if it has one."""
    return [f"{line.kind}{line}" for line in hunk.lines]


def _kept(operation: Operation) -> dict[str, Any]:
    said: dict[str, Any] = {
        "op": operation.op.value,
        "node": str(operation.node),
        "key": operation.key,
        "kind": operation.kind,
        "base": operation.base,
    }
    if operation.before:
        said["before"] = dict(operation.before)
    if operation.after:
        said["after"] = dict(operation.after)
    if operation.hunks:
        said["hunks"] = [
            {"old": hunk.old_start, "new": hunk.new_start, "lines": lines_kept(hunk)}
            for hunk in operation.hunks
        ]
    if operation.link:
        source, kind, target = operation.link.source, operation.link.kind, operation.link.target
        said["link"] = {"source": str(source), "kind": kind.value, "target": str(target)}
        said["target_key"] = operation.target_key
    return said


def _read(said: dict[str, Any]) -> Operation:
    link = said.get("link")
    return Operation(
        op=Op(said["op"]),
        node=UUID(said["node"]),
        key=said["key"],
        kind=said["kind"],
        base=said["base"],
        before=said.get("before", {}),
        after=said.get("after", {}),
        hunks=tuple(
            Hunk(hunk["old"], hunk["new"], tuple(map(_line, hunk["lines"])))
            for hunk in said.get("hunks", ())
        ),
        link=link and LinkState(UUID(link["source"]), LinkKind(link["kind"]), UUID(link["target"])),
        target_key=said.get("target_key", ""),
    )


def _line(text: str) -> Line:
    return Line(text[0], text[1:].removesuffix("\n"), text.endswith("\n"))
