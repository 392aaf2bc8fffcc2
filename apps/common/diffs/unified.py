"""Hunks as the text of a unified diff, written and strictly read: what would be guessed at is
refused, with its line. They are counted by their lines: what their headers claim has to agree.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from apps.common.diffs.hunks import Hunk, Line

UNENDED = "\\ No newline at end of file"

_HEADER = re.compile(
    r"@@ -([0-9]{1,9})(?:,([0-9]{1,9}))? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@(?: .*)?"
)


class HunkInvalid(ValueError):
    """Says what is wrong, and in which line of the text."""

    def __init__(self, message: str, line: int) -> None:
        self.message, self.line = message, line
        super().__init__(f"Line {line}: {message}")


def written_hunk(hunk: Hunk) -> Iterator[str]:
    """Line by line, without their line feeds."""
    old, new = _range(hunk.old_start, hunk.old_count), _range(hunk.new_start, hunk.new_count)
    yield f"@@ -{old} +{new} @@"
    for line in hunk.lines:
        yield f"{line.kind}{line.text}"
        if not line.ended:
            yield UNENDED


def _range(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def read_hunks(lines: Sequence[str], at: int) -> tuple[tuple[Hunk, ...], int]:
    """Those that begin at this line, and where the next one stands that is none of theirs. Raises
    HunkInvalid."""
    reader = _Reader(lines, at)
    found: list[Hunk] = []
    while reader.next("@@"):
        found.append(reader.hunk(found[-1] if found else None))
    if not found:
        reader.refuse("A hunk is missing: `@@ -1,2 +1,3 @@`.")
    return tuple(found), reader.at


class _Reader:
    def __init__(self, lines: Sequence[str], at: int) -> None:
        self.lines = lines
        self.at = at

    def hunk(self, before: Hunk | None) -> Hunk:
        header = _HEADER.fullmatch(self.lines[self.at])
        begin = self.at + 1
        if header is None:
            self.refuse("A hunk begins like `@@ -1,2 +1,3 @@`.")
        old, new = int(header[1]), int(header[3])
        olds = 1 if header[2] is None else int(header[2])
        news = 1 if header[4] is None else int(header[4])
        self.at += 1
        hunk = Hunk(old, new, self._body(olds, news, begin))
        if all(line.kind == " " for line in hunk.lines):
            self.refuse("This hunk changes nothing.", begin)
        self._follows(hunk, before, begin)
        return hunk

    def _body(self, olds: int, news: int, begin: int) -> tuple[Line, ...]:
        found: list[Line] = []
        while olds or news:
            text = self.lines[self.at] if self.at < len(self.lines) else None
            kind = (text[:1] or " ") if text is not None else ""
            if text is None or kind not in " +-":
                self.refuse("This hunk has fewer lines than its header says.", begin)
            if (kind != "+" and not olds) or (kind != "-" and not news):
                self.refuse("This hunk has other lines than its header says.")
            olds, news = olds - (kind != "+"), news - (kind != "-")
            self.at += 1
            ended = not self.next("\\")
            self.at += not ended
            found.append(Line(kind, text[1:], ended))
            if not ended and ((kind != "+" and olds) or (kind != "-" and news)):
                self.refuse("Lines follow after the end of the file.")
        if self.next(" ") or self.next("+") or self._begins_removal():
            self.refuse("This hunk has more lines than its header says.")
        return tuple(found)

    def _begins_removal(self) -> bool:
        """A line with - where no hunk wants one, unless the headers of a next file begin."""
        if not self.next("-"):
            return False
        follows = self.lines[self.at + 1] if self.at + 1 < len(self.lines) else ""
        return not (self.next("--- ") and follows.startswith("+++ "))

    def _follows(self, hunk: Hunk, before: Hunk | None, begin: int) -> None:
        """The sides of a patch run apart by what was added and removed, and by nothing else."""
        old, new = hunk.old_first, hunk.new_first
        old_end = new_end = 1
        if before:
            old_end = before.old_first + before.old_count
            new_end = before.new_first + before.new_count
            if any(not line.ended for line in before.lines):
                self.refuse("A hunk before this one reaches the end of the file.", begin)
        if old < old_end:
            self.refuse("This hunk begins before the one above it has ended.", begin)
        if new - old != new_end - old_end:
            expected = old + new_end - old_end
            message = f"By what stands above, the new side of this hunk begins at {expected}."
            self.refuse(message, begin)

    def next(self, start: str) -> bool:
        return self.at < len(self.lines) and self.lines[self.at].startswith(start)

    def refuse(self, message: str, line: int | None = None) -> NoReturn:
        here = min(self.at + 1, len(self.lines) or 1)
        raise HunkInvalid(message, here if line is None else line)
