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

    def __str__(self) -> str:
        return f"{self.text}\n" if self.ended else self.text


@dataclass(frozen=True, slots=True)
class Hunk:
    old_start: int
    new_start: int
    """As in `@@ -old_start,... +new_start,... @@`: 1 is the first line, and a side without lines
    names the one before."""
    lines: tuple[Line, ...]

    @property
    def old_first(self) -> int:
        """The number of the first line: a side without lines names the one before it."""
        return self.old_start if self.old_count else self.old_start + 1

    @property
    def new_first(self) -> int:
        return self.new_start if self.new_count else self.new_start + 1

    @property
    def old_lines(self) -> list[str]:
        """As they stand in the text, with their line feeds."""
        return [str(line) for line in self.lines if line.kind != "+"]

    @property
    def new_lines(self) -> list[str]:
        return [str(line) for line in self.lines if line.kind != "-"]

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


class Misfit(ValueError):
    """A hunk that does not stand in the text where it says."""

    def __init__(self, line: int, expected: str, found: str | None) -> None:
        self.line, self.expected, self.found = line, expected, found
        super().__init__(f"Line {line} of the text is {found!r}, not {expected!r}.")


def apply_hunks(hunks: Sequence[Hunk], text: str) -> str:
    """Raises Misfit, with the first line that is another one."""
    old = lines_of(text)
    new: list[str] = []
    at = 0
    for hunk in hunks:
        begin = hunk.old_first - 1
        wanted = hunk.old_lines
        for place, line in enumerate(wanted, begin):
            if place >= len(old) or old[place] != line:
                raise Misfit(place + 1, line, old[place] if place < len(old) else None)
        new += [*old[at:begin], *hunk.new_lines]
        at = begin + len(wanted)
    new += old[at:]
    for place, line in enumerate(new[:-1], 1):
        if not line.endswith("\n"):
            raise Misfit(place, f"{line}\n", line)
    return "".join(new)


def _line(kind: str, text: str) -> Line:
    return Line(kind, text.removesuffix("\n"), text.endswith("\n"))
