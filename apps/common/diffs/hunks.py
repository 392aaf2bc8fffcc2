"""Hunks of a unified diff as values, and from two texts to them. Texts keep every character."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.common.diffs.matching import Edit, edits_between, lines_of

CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk, without its line feed. `kind` is one of " ", "-" and "+"."""

    kind: str
    text: str
    ended: bool = True
    """False: the file ends here, without a line feed."""


@dataclass(frozen=True, slots=True)
class Hunk:
    old_start: int
    new_start: int
    """As in `@@ -old_start,... +new_start,... @@`: 1 is the first line, and a side without lines
    names the one before."""
    lines: tuple[Line, ...]

    @property
    def old_count(self) -> int:
        return sum(line.kind != "+" for line in self.lines)

    @property
    def new_count(self) -> int:
        return sum(line.kind != "-" for line in self.lines)


def hunks_between(old: str, new: str) -> tuple[Hunk, ...]:
    before, after = lines_of(old), lines_of(new)
    changed = edits_between(before, after)
    return tuple(_hunk(group, before, after) for group in _grouped(changed))


def _grouped(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Edits whose context would touch share a hunk."""
    group: list[Edit] = []
    for edit in edits:
        if group and edit[0] - group[-1][1] > 2 * CONTEXT:
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _hunk(group: Sequence[Edit], old: Sequence[str], new: Sequence[str]) -> Hunk:
    first, last = group[0], group[-1]
    lead = min(CONTEXT, first[0])
    begin_old, begin_new = first[0] - lead, first[2] - lead
    lines: list[Line] = []
    at = begin_old
    for a, b, c, d in group:
        lines += [_line(" ", text) for text in old[at:a]]
        lines += [_line("-", text) for text in old[a:b]]
        lines += [_line("+", text) for text in new[c:d]]
        at = b
    lines += [_line(" ", text) for text in old[at : min(len(old), last[1] + CONTEXT)]]
    hunk = Hunk(begin_old, begin_new, tuple(lines))
    return Hunk(begin_old + (hunk.old_count > 0), begin_new + (hunk.new_count > 0), tuple(lines))


def _line(kind: str, text: str) -> Line:
    return Line(kind, text.removesuffix("\n"), text.endswith("\n"))
