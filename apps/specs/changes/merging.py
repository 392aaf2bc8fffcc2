"""Two texts that came from one, brought together line by line, and hunks moved along with a text
that changed around them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.common.diffs.hunks import Hunk
from apps.common.diffs.matching import Edit, edits_between, lines_of


@dataclass(frozen=True)
class Clash:
    """Both changed the same lines, each in its own way."""

    line: int
    """Of the base: the first of them."""
    base: str
    theirs: str
    ours: str


@dataclass(frozen=True)
class Merged:
    text: str
    """Where they clash, it has what stands there now."""
    clashes: tuple[Clash, ...]


def merge(base: str, theirs: str, ours: str) -> Merged:
    old, now, new = lines_of(base), lines_of(theirs), lines_of(ours)
    found: list[str] = []
    clashes: list[Clash] = []
    at = 0
    for start, end, by_them, by_us in _regions(edits_between(old, now), edits_between(old, new)):
        found += old[at:start]
        at = end
        was = "".join(old[start:end])
        mine, yours = _become(old, new, start, end, by_us), _become(old, now, start, end, by_them)
        if mine == yours or not by_us:
            found.append(yours)
        elif not by_them:
            found.append(mine)
        else:
            found.append(yours)
            clashes.append(Clash(start + 1, was, yours, mine))
    return Merged("".join([*found, *old[at:]]), tuple(clashes))


def moved_along(hunks: Sequence[Hunk], base: str, theirs: str) -> tuple[Hunk, ...] | None:
    """The same hunks on their text, if nothing of what stands in them has changed. None: it has."""
    edits = edits_between(lines_of(base), lines_of(theirs))
    moved: list[Hunk] = []
    at = shift = 0
    for hunk in hunks:
        start = hunk.old_first - 1
        end = start + hunk.old_count
        while at < len(edits) and _is_above(edits[at], start, hunk):
            a, b, c, d = edits[at]
            shift += (d - c) - (b - a)
            at += 1
        if at < len(edits) and not _is_below(edits[at], end, hunk):
            return None
        moved.append(Hunk(hunk.old_start + shift, hunk.new_start + shift, hunk.lines))
    return tuple(moved)


def _is_above(edit: Edit, start: int, hunk: Hunk) -> bool:
    """It may touch the hunk where that begins with a line that stays."""
    return edit[1] < start or (edit[1] == start and hunk.lines[0].kind == " ")


def _is_below(edit: Edit, end: int, hunk: Hunk) -> bool:
    return edit[0] > end or (edit[0] == end and hunk.lines[-1].kind == " ")


def _regions(
    theirs: Sequence[Edit], ours: Sequence[Edit]
) -> Iterator[tuple[int, int, list[Edit], list[Edit]]]:
    """From where to where of the base somebody changed it, and how. Edits that touch are one."""
    edits = sorted(
        [(edit, True) for edit in theirs] + [(edit, False) for edit in ours],
        key=lambda each: each[0][:2],
    )
    at = 0
    while at < len(edits):
        start, end = edits[at][0][:2]
        by_them: list[Edit] = []
        by_us: list[Edit] = []
        while at < len(edits) and edits[at][0][0] <= end:
            edit, is_theirs = edits[at]
            end = max(end, edit[1])
            (by_them if is_theirs else by_us).append(edit)
            at += 1
        yield start, end, by_them, by_us


def _become(
    old: Sequence[str], new: Sequence[str], start: int, end: int, edits: Sequence[Edit]
) -> str:
    lines: list[str] = []
    at = start
    for a, b, c, d in edits:
        lines += [*old[at:a], *new[c:d]]
        at = b
    return "".join([*lines, *old[at:end]])
