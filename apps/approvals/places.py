"""Where in a change something is said: of one of its operations, or of a line of that."""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.approvals.choices import Side
from apps.approvals.ports import Change, Operation
from apps.common.diffs.comparing import read_patch
from apps.common.diffs.lines import Hunk
from apps.common.diffs.matching import lines_of

LONGEST_QUOTE = 500


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
    if operation.before is None and operation.after is None:
        return next((text for at, text in _shown(operation.diff, side) if at == number), None)
    whole = operation.before if side == Side.BEFORE else operation.after
    lines = lines_of(whole or "")
    return lines[number - 1].removesuffix("\n") if number <= len(lines) else None


def _shown(diff: str, side: Side) -> Iterator[tuple[int, str]]:
    """The lines of that side in a patch, with their numbers."""
    for hunk in read_patch(diff).parts:
        for row in hunk.rows if isinstance(hunk, Hunk) else ():
            line = row.before if side == Side.BEFORE else row.after
            if line:
                yield line.number, line.text
