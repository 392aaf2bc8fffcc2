"""From two texts, or from the patch between them, to what people are shown of the difference.

However large a change is, so much of it becomes lines as somebody could read; what is left out is
counted.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from apps.common.diffs.lines import Diff, Fold, Hunk, Row
from apps.common.diffs.matching import edits_between, lines_of
from apps.common.diffs.words import WIDE, line_of, rows_of

AROUND = 3
"""Lines that stay the same and are shown around those that do not."""
MOST = 12_000
"""Lines of a difference that are shown, of both sides."""
FULL = 200
"""Characters of a line that fills the page from side to side."""
STEP = 100
"""Lines of a fold that are opened at once."""
MOST_NOTES = 20

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
_SAID = re.compile(
    r"(?:diff --git|index|---|\+\+\+|similarity index|rename (?:from|to)) .*"
    r"|(?:new|deleted) file mode 100644"
)
"""Lines of a patch that say which plain file it is about: whoever shows it has said so."""


@dataclass
class _Sheet:
    room: int
    parts: list[Hunk | Fold] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    added: int = 0
    removed: int = 0
    left: int = 0

    def changed(self, gone: Sequence[str], new: Sequence[str], before: int, after: int) -> None:
        self.added += len(new)
        self.removed += len(gone)
        shown_gone, shown_new = self._fitting(gone), self._fitting(new)
        self.left += len(gone) - len(shown_gone) + len(new) - len(shown_new)
        self.rows += rows_of(shown_gone, shown_new, before=before, after=after)

    def same(self, lines: Sequence[str], before: int, after: int) -> None:
        for at, text in enumerate(self._fitting(lines)):
            line = line_of(before + at, text)
            self.rows.append(Row(line, line._replace(number=after + at), same=True))

    def fold(self, start: int, count: int) -> None:
        self.end_hunk()
        if self.room:
            self.parts.append(Fold(start, count))

    def end_hunk(self, *, opened: int | None = None) -> None:
        if self.rows:
            self.parts.append(Hunk(tuple(self.rows), opened))
            self.rows = []

    def _fitting(self, lines: Sequence[str]) -> Sequence[str]:
        """Those for which there is room. A wide line takes the room of several."""
        for count, line in enumerate(lines):
            self.room -= 1 + min(len(line), WIDE) // FULL
            if self.room < 0:
                self.room = 0
                return lines[:count]
        return lines

    def diff(self, *, notes: Sequence[str] = (), whole: bool = False) -> Diff:
        self.end_hunk()
        return Diff(
            parts=tuple(self.parts),
            added=self.added,
            removed=self.removed,
            left=self.left,
            room=self.room,
            notes=tuple(notes),
            whole=whole,
        )


def compare(
    before: str,
    after: str,
    *,
    around: int = AROUND,
    opened: Collection[int] = (),
    most: int = MOST,
) -> Diff:
    """`opened`: the folds that are shown, by the number of their first line."""
    old, new = lines_of(before), lines_of(after)
    edits = edits_between(old, new)
    sheet = _Sheet(most)
    at, to = 0, 0
    for number, (a, b, c, d) in enumerate(edits):
        _between(sheet, old[at:a], at + 1, to + 1, around if number else 0, around, opened)
        sheet.changed(old[a:b], new[c:d], a + 1, c + 1)
        at, to = b, d
    if edits:
        _between(sheet, old[at:], at + 1, to + 1, around, 0, opened)
    return sheet.diff(whole=True)


def _between(
    sheet: _Sheet,
    lines: Sequence[str],
    before: int,
    after: int,
    lead: int,
    trail: int,
    opened: Collection[int],
) -> None:
    """Lines between two changes: some on either side are shown. A fold of one spares nothing."""
    if len(lines) <= lead + trail + 1:
        sheet.same(lines, before, after)
        return
    sheet.same(lines[:lead], before, after)
    at, end = lead, len(lines) - trail
    while at < end and before + at in opened:
        sheet.end_hunk()
        some = lines[at : min(at + STEP, end)]
        sheet.same(some, before + at, after + at)
        sheet.end_hunk(opened=before + at)
        at += len(some)
    if at < end:
        sheet.fold(before + at, end - at)
    sheet.same(lines[end:], before + end, after + end)


def read_patch(unified: str, *, most: int = MOST) -> Diff:
    """Read by the counts of its hunks, so that a line that went is never taken for a header. Where
    it has no hunks, each line says by its first character what becomes of it."""
    sheet, notes = _Sheet(most), list[str]()
    lines = lines_of(unified)
    bare = not any(map(_HUNK.match, lines))
    at, before, after = 0, 1, 1
    while at < len(lines):
        went, came = len(lines), len(lines)
        if head := _HUNK.match(lines[at]):
            start, went, to, came = (int(number or 1) for number in head.groups())
            start, to = start + (went == 0), to + (came == 0)
            if start > before:
                sheet.fold(before, start - before)
            sheet.end_hunk()
            before, after, at = start, to, at + 1
        body = _body(lines, at, went, came) if head or bare else []
        if not body and not head:
            text = lines[at].removesuffix("\n")
            if text.strip() and not _SAID.fullmatch(text):
                notes.append(text)
            at += 1
            continue
        for same, run in groupby(body, key=lambda line: line[0] == " "):
            some = list(run)
            gone = [text for kind, text in some if kind != "+"]
            new = [text for kind, text in some if kind != "-"]
            if same:
                sheet.same(gone, before, after)
            else:
                sheet.changed(gone, new, before, after)
            before, after = before + len(gone), after + len(new)
        at += len(body) + sum(not text.endswith("\n") for _, text in body)
    sheet.left += max(0, len(notes) - MOST_NOTES)
    return sheet.diff(notes=notes[:MOST_NOTES])


def _body(lines: Sequence[str], at: int, went: int, came: int) -> list[tuple[str, str]]:
    """The lines of a hunk that starts here: what becomes of each, and its text."""
    body: list[tuple[str, str]] = []
    for place in range(at, len(lines)):
        line = lines[place]
        kind = line[0] if line != "\n" else " "
        if kind == "\\" and body:
            body[-1] = (body[-1][0], body[-1][1].removesuffix("\n"))
            continue
        if kind not in " +-" or (went <= 0 and came <= 0):
            break
        body.append((kind, line[1:] or "\n"))
        went, came = went - (kind != "+"), came - (kind != "-")
    return body
