"""Where in a change something is said: of one of its operations, or of a line of that."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.approvals.choices import Side
from apps.approvals.ports import Change, Operation

LONGEST_QUOTE = 500
_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, kw_only=True)
class Place:
    operation: int
    side: Side | None = None
    line: int | None = None
    """On that side, from 1. None: the whole operation."""
    content: str = ""
    """The digest of the content on which it was pointed at. Empty: of whatever stands now."""


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What stood there. It is kept: on another content, something else may stand in this place."""

    target: str
    line: str = ""


def quoted(change: Change, place: Place) -> Quote | None:
    """None: there is no such place."""
    operation = next((each for each in change.operations if each.number == place.operation), None)
    if operation is None or (place.side is None) != (place.line is None):
        return None
    if place.side is None or place.line is None:
        return Quote(target=operation.target[:LONGEST_QUOTE])
    line = _line(operation, place.side, place.line)
    if line is None:
        return None
    return Quote(target=operation.target[:LONGEST_QUOTE], line=line[:LONGEST_QUOTE])


def _line(operation: Operation, side: Side, number: int) -> str | None:
    whole = operation.before if side == Side.BEFORE else operation.after
    if whole is not None:
        lines = whole.split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else None
    shown = (
        text for at_side, at, text in _shown(operation.diff) if (at_side, at) == (side, number)
    )
    return next(shown, None)


def _shown(diff: str) -> Iterator[tuple[Side, int, str]]:
    """The lines of a unified difference, with their numbers."""
    before = after = 1
    for line in diff.removesuffix("\n").split("\n"):
        hunk = _HUNK.match(line)
        if hunk:
            before, after = int(hunk[1]), int(hunk[2])
        elif line.startswith(("--- ", "+++ ", "\\")):
            continue
        else:
            if line[:1] != "+":
                yield Side.BEFORE, before, line[1:]
                before += 1
            if line[:1] != "-":
                yield Side.AFTER, after, line[1:]
                after += 1
