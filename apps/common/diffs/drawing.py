"""A difference as HTML: tables of its lines, and what is folded between them.

It is put together here and not in a template, which takes ten times as long. The tables are short
ones, so that a browser lays out those that are looked at and no others.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Literal

from django.utils.safestring import SafeString, mark_safe

from apps.common.diffs.lines import Diff, Fold, Hunk, Line, Row
from apps.common.diffs.words import WIDE

View = Literal["unified", "split"]
AT_ONCE = 100
"""Rows of a table."""
FEW = 3
"""Rows of a table that hardly takes room."""
EDGE = 200
"""Characters that are shown of a long part of a line that stays, at its beginning and end."""

_UNSEEN = re.compile(r"⟨(U\+[0-9A-F]{4,6}[^⟩]*)⟩|[\r\f]")
_TELLING = re.compile(r"""[<>&"'⟨\r\f]""")
_SIDES = {"before": ("gone", "&minus;", "del"), "after": ("new", "+", "ins")}
_COLUMNS = {
    "unified": (
        ("number", "Line before"),
        ("number", "Line after"),
        ("sign", "Change"),
        ("text", "Text"),
    ),
    "split": (
        *(("number", "Line before"), ("sign", "Change"), ("text", "Before")),
        *(("number", "Line after"), ("sign", "Change"), ("text", "After")),
    ),
}


def draw(
    diff: Diff,
    *,
    name: str,
    view: View = "unified",
    operation: int | None = None,
    unfold: Callable[[Fold], str] | None = None,
) -> SafeString:
    """`name`: of what it is, for those who hear it. `operation`: its lines can be spoken of, by
    this number. `unfold`: where a fold is shown open."""
    drawn = [f'<ul class="notes">{_notes(diff)}</ul>'] if diff.notes else []
    for part in diff.parts:
        if isinstance(part, Fold):
            drawn.append(_fold(part, unfold if diff.whole else None))
        else:
            drawn += _tables(part, escape(name), view, operation)
    if not drawn and not diff.left:
        drawn.append('<p class="empty">The two are the same.</p>')
    return mark_safe(f'<div class="diff {view}">{"".join(drawn)}</div>')  # noqa: S308 - escaped  # nosec


def _notes(diff: Diff) -> str:
    return "".join(f"<li>{_shown(note, WIDE)}</li>" for note in diff.notes)


def _fold(fold: Fold, unfold: Callable[[Fold], str] | None) -> str:
    lines = f"{fold.count:,} line" + ("" if fold.count == 1 else "s")
    if unfold is None:
        return f'<p class="fold">{lines} the same</p>'
    return (
        f'<p class="fold"><a href="{escape(unfold(fold))}" data-fold="{fold.start}">'
        f"Show {lines} that stay the same</a></p>"
    )


def _tables(hunk: Hunk, name: str, view: View, operation: int | None) -> Iterator[str]:
    widths = "".join(f'<col class="{kind}">' for kind, _ in _COLUMNS[view])
    head = "".join(f'<th scope="col">{title}</th>' for _, title in _COLUMNS[view])
    opened = "" if hunk.opened is None else f' data-opened="{hunk.opened}"'
    told = _told(hunk.rows)
    rows = _split(told, operation) if view == "split" else _unified(told, operation)
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        tens = (len(some) + 9) // 10 if len(some) > FEW else 0
        yield (
            f'<div class="run" data-tens="{tens}"{opened}><table>'
            f'<caption class="unseen">{name}</caption><colgroup>{widths}</colgroup>'
            f'<thead class="unseen"><tr>{head}</tr></thead>'
            f"<tbody>{''.join(some)}</tbody></table></div>"
        )


def _told(rows: Sequence[Row]) -> Sequence[Row]:
    """Where neither text ends with a line feed, that is nothing that changes."""
    before = next((row.before for row in reversed(rows) if row.before), None)
    after = next((row.after for row in reversed(rows) if row.after), None)
    if before is None or after is None or before.ended or after.ended:
        return rows
    return [Row(_ended(row.before), _ended(row.after), row.same) for row in rows]


def _ended(line: Line | None) -> Line | None:
    return line and line._replace(ended=True)


def _unified(rows: Sequence[Row], operation: int | None) -> list[str]:
    drawn: list[str] = []
    for same, some in groupby(rows, key=lambda row: row.same):
        block = list(some)
        if same:
            drawn += [_kept(one, other, operation) for one, other, _ in block if one and other]
            continue
        lines = [("before", row.before) for row in block if row.before]
        lines += [("after", row.after) for row in block if row.after]
        first = " data-hunk"
        for side, line in lines:
            drawn.append(_changed(line, side, first, operation))
            first = ""
    return drawn


def _kept(one: Line, other: Line, operation: int | None) -> str:
    return (
        f"<tr{_place(operation, 'after', other)}>"
        f'<td class="number">{one.number}</td><td class="number">{other.number}</td>'
        f'<td class="sign"></td><td class="text">{_line(one)}</td></tr>'
    )


def _changed(line: Line, side: str, first: str, operation: int | None) -> str:
    kind, sign, tag = _SIDES[side]
    number = f'<td class="number">{line.number}</td>'
    none = '<td class="number"></td>'
    numbers = number + none if side == "before" else none + number
    return (
        f'<tr class="{kind}"{first}{_place(operation, side, line)}>{numbers}'
        f'<td class="sign">{sign}</td><td class="text">{_line(line, tag)}</td></tr>'
    )


def _split(rows: Sequence[Row], operation: int | None) -> list[str]:
    drawn: list[str] = []
    changes = False
    for one, other, same in rows:
        first = "" if same or changes else " data-hunk"
        kind = ' class="same"' if same else ""
        sides = f"{_side(one, 'before', operation, same)}{_side(other, 'after', operation, same)}"
        drawn.append(f"<tr{kind}{first}>{sides}</tr>")
        changes = not same
    return drawn


def _side(line: Line | None, side: str, operation: int | None, same: bool) -> str:
    if line is None:
        return '<td class="number none"></td><td class="sign none"></td><td class="text none"></td>'
    kind, sign, tag = ("", "", "") if same else _SIDES[side]
    return (
        f'<td class="number {kind}">{line.number}</td><td class="sign {kind}">{sign}</td>'
        f'<td class="text {kind}"{_place(operation, side, line)}>{_line(line, tag)}</td>'
    )


def _place(operation: int | None, side: str, line: Line) -> str:
    if operation is None:
        return ""
    return f' data-operation="{operation}" data-side="{side}" data-line="{line.number}"'


def _line(line: Line, tag: str = "") -> str:
    """`tag`: of what changed in it. Empty: it stays the same."""
    text = line.text
    same = WIDE if len(text) <= WIDE or not line.changed else 2 * EDGE
    drawn, at = "", 0
    for start, end in line.changed:
        drawn += f"{_shown(text[at:start], same)}<{tag}>{_shown(text[start:end], WIDE)}</{tag}>"
        at = end
    drawn += _shown(text[at:], same)
    return drawn if line.ended or not tag else f'{drawn}<span class="cut">no line feed</span>'


def _shown(text: str, most: int) -> str:
    if len(text) <= most:
        return _escaped(text)
    half = most // 2
    left = len(text) - 2 * half
    cut = f'<span class="cut">{left:,} characters are not shown here</span>'
    return _escaped(text[:half]) + cut + _escaped(text[-half:])


def _escaped(text: str) -> str:
    if not _TELLING.search(text):
        return text
    return _UNSEEN.sub(_spelled, escape(text))


def _spelled(found: re.Match[str]) -> str:
    name = found[1] or f"U+{ord(found[0]):04X}"
    return f'<span class="hidden-character">⟨{name}⟩</span>'
