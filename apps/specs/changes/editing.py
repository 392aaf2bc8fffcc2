"""From an edit as it is sent to the body it makes: a patch, a replacement, or the whole text."""

from collections.abc import Sequence

from apps.common.diffs.hunks import Hunk, Misfit, apply_hunks
from apps.common.diffs.matching import lines_of
from apps.common.diffs.unified import HunkInvalid, read_hunks
from apps.specs.schemas import MOST_CHARACTERS, EditIn

_HEADERS = ("diff --git ", "index ", "--- ", "+++ ")
_SHOWN = 120
_SEARCHES = 100
"""For hunks that stand elsewhere than they say: each looks through the whole body."""


class EditUnfit(ValueError):
    """Says which field of the edit does not fit, and what to do."""

    def __init__(self, field: str, message: str) -> None:
        self.field, self.message = field, message
        super().__init__(message)


def edited(sent: EditIn, body: str) -> str:
    """Raises EditUnfit."""
    if sent.patch is not None:
        new = _patched(sent.patch, body)
    elif sent.old is not None:
        new = _replaced(sent.old, sent.new or "", body)
    else:
        new = sent.body or ""
    field = "patch" if sent.patch is not None else "new" if sent.old is not None else "body"
    if new == body:
        raise EditUnfit(field, "The body reads so already.")
    if len(new) > MOST_CHARACTERS:
        raise EditUnfit(field, f"A body has at most {MOST_CHARACTERS:,} characters.")
    if "\0" in new:
        raise EditUnfit(field, "A NUL character cannot be kept.")
    return new


def _replaced(old: str, new: str, body: str) -> str:
    first = body.find(old)
    if first < 0:
        crlf = body.replace("\r\n", "\n")
        if old.replace("\r\n", "\n") in crlf:
            raise EditUnfit("old", "It stands there with other line ends: mind CRLF and LF.")
        raise EditUnfit("old", "This does not stand in the body, to the letter.")
    if body.find(old, first + 1) >= 0:
        raise EditUnfit("old", "This stands more than once in the body: take more around it.")
    return body[:first] + new + body[first + len(old) :]


def _patched(patch: str, body: str) -> str:
    lines = [line.removesuffix("\n") for line in lines_of(patch)]
    at = 0
    while at < len(lines) and (not lines[at].strip() or lines[at].startswith(_HEADERS)):
        at += 1
    try:
        hunks, at = read_hunks(lines, at)
    except HunkInvalid as fault:
        raise EditUnfit("patch", f"Line {fault.line}: {fault.message}") from fault
    if any(line.strip() for line in lines[at:]):
        raise EditUnfit("patch", f"Line {at + 1}: a patch of one body is hunks alone.")
    # Whoever says nothing of how the last line ends leaves that as it is.
    says_no_end = all(line.ended for hunk in hunks for line in hunk.lines)
    if says_no_end and body and not body.endswith("\n"):
        return _applied(hunks, f"{body}\n").removesuffix("\n")
    return _applied(hunks, body)


def _applied(hunks: Sequence[Hunk], body: str) -> str:
    try:
        return apply_hunks(_placed(hunks, body), body)
    except Misfit as misfit:
        found = "the end" if misfit.found is None else _shown(misfit.found)
        raise EditUnfit(
            "patch",
            f"It does not fit: line {misfit.line} of the body is {found}, "
            f"and the patch has {_shown(misfit.expected)} there.",
        ) from misfit


def _placed(hunks: Sequence[Hunk], body: str) -> Sequence[Hunk]:
    """Where the lines of one stand elsewhere, and there alone, it is meant for there."""
    lines = lines_of(body)
    placed: list[Hunk] = []
    searches = 0
    for hunk in hunks:
        wanted, begin = hunk.old_lines, hunk.old_first - 1
        if wanted and lines[begin : begin + len(wanted)] != wanted and searches < _SEARCHES:
            searches += 1
            begin = _only_place("".join(wanted), body, begin)
        shift = begin + 1 - hunk.old_first
        placed.append(Hunk(hunk.old_start + shift, hunk.new_start + shift, hunk.lines))
    return placed


def _only_place(wanted: str, body: str, stated: int) -> int:
    """Before which line. Where there are several or none, it is left where it is said to be."""
    text = f"\n{body}"
    first = text.find(f"\n{wanted}")
    is_whole = wanted.endswith("\n") or text.endswith(f"\n{wanted}")
    if first < 0 or not is_whole or text.find(f"\n{wanted}", first + 1) >= 0:
        return stated
    return text.count("\n", 0, first)


def _shown(line: str) -> str:
    text = line.removesuffix("\n")
    shown = f"`{text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}`"
    return shown if line.endswith("\n") else f"{shown} without a line feed"
