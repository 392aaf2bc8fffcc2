"""What a heading says of a node (its key and title), and how a node's heading is kept where it is
not the plain one.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from apps.specs.changes.naming import slug_of
from apps.specs.choices import NodeKind
from apps.specs.schemas import is_key

TITLE_LENGTH = 200
KEY_LENGTH = 80
UNTITLED = "Untitled"
WITHOUT_LINE = "-"
"""Kept in place of a heading where a document begins without one."""

Known = Callable[[str], tuple[str, str] | None]
"""From what looks like a key to the key as it is written and its kind, where there is such."""

_KEYED = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,79})(?: [-\u2013\u2014] |: | |:?$)(.*)")
_ANCHORED = re.compile(r"(.*) \{#([A-Za-z0-9_][A-Za-z0-9_.-]{0,60})\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class Said(NamedTuple):
    title: str
    key: str = ""
    kind: str = NodeKind.SECTION
    anchor: str = ""


def said_by(content: str, known: Known) -> Said:
    """By `REQ-12: Pay by card` or `Scope {#scope}`. What is no known key is part of the title."""
    flat = " ".join(_CONTROL.sub(" ", content).split())
    anchored = _ANCHORED.fullmatch(flat)
    words, anchor = (anchored[1], anchored[2]) if anchored else (flat, "")
    keyed = _KEYED.fullmatch(words)
    found = known(keyed[1]) if keyed and is_key(keyed[1]) else None
    if keyed and found:
        key, kind = found
        return Said(_title(keyed[2]) or key, key, kind, anchor)
    return Said(_title(words) or UNTITLED, anchor=anchor)


def _title(text: str) -> str:
    return text.strip()[:TITLE_LENGTH].rstrip()


def plain_line(level: int, key: str, kind: str, title: str) -> str:
    keyless = kind in (NodeKind.SPEC, NodeKind.SECTION) or title == key
    return f"{'#' * level} {title if keyless else f'{key}: {title}'}"


class Names:
    """Keys for the headings of a file that name none: `SPEC-1.scope`, then `SPEC-1.scope-2`."""

    def __init__(self, keys: Iterable[str], anchors: Iterable[str]) -> None:
        """Those that headings name themselves."""
        self._taken = {key.casefold() for key in keys if key}
        self._anchors = {anchor for anchor in anchors if anchor}
        self._used: dict[tuple[str, str, str], int] = defaultdict(int)

    def key(self, above: str, anchor: str, title: str) -> str:
        said = anchor or slug_of(title)
        while True:
            self._used[above, said, anchor] += 1
            number = self._used[above, said, anchor]
            ending = f"-{number}" if number > 1 else ""
            key = f"{above[:45]}.{said}"[: KEY_LENGTH - len(ending)] + ending
            free = anchor or said + ending not in self._anchors
            if free and key.casefold() not in self._taken:
                self._taken.add(key.casefold())
                return key


def name_above(key: str, kind: str, above: str | None) -> str:
    """What sections directly below it are called after: a section passes on its own."""
    if kind != NodeKind.SECTION:
        return key
    return above or key.rpartition(".")[0] or key


# --- how a heading is kept

_PLAIN = "~"


class Frame(NamedTuple):
    """A heading and the blank lines around the body below it. None: they are the plain ones."""

    line: str | None = None
    gap: str | None = None
    """Between the heading and the body."""
    end: str | None = None
    """Between the body and the next heading."""

    @property
    def kept(self) -> str:
        """Nothing where all of it is plain; the line; or the line and both gaps."""
        if self == Frame():
            return ""
        line = self.line or ""
        if self.gap is None and self.end is None and frame_of(line) == self:
            return line
        gap, end = (_PLAIN if blank is None else blank for blank in (self.gap, self.end))
        return f"{line}|{gap}|{end}"


def frame_of(kept: str) -> Frame:
    if not kept:
        return Frame()
    cut = kept.rsplit("|", 2)
    if len(cut) == 3 and all(blank == _PLAIN or not blank.strip(" \t\r\n") for blank in cut[1:]):
        gap, end = (None if blank == _PLAIN else blank for blank in cut[1:])
        return Frame(cut[0] or None, gap, end)
    return Frame(kept)


class Levels:
    """Which node a heading stands below, by the levels of those before it."""

    def __init__(self, document: str) -> None:
        self._document = document
        self._above = [(0, document)]
        self._last: dict[str, int] = {}

    def parent_at(self, level: int) -> str:
        return next(key for found, key in reversed(self._above) if found < level)

    def plain_below(self, parent: str) -> int:
        """As its last part, or one below its own."""
        if parent in self._last:
            return self._last[parent]
        own = next(level for level, key in reversed(self._above) if key == parent)
        return min(max(own, 1) + 1, 6)

    def stands(self, parent: str) -> bool:
        """Whether more can be put below it."""
        return any(key == parent for _, key in self._above)

    def enter(self, key: str, parent: str, level: int) -> None:
        natural = self.parent_at(level)
        if natural == parent:
            while self._above[-1][0] >= level:
                self._above.pop()
        while self._above[-1][1] != parent:
            self._above.pop()
        self._above.append((level, key))
        self._last[parent] = level


def knowing(prefixes: Mapping[str, str], keys: Mapping[str, str]) -> Known:
    """`prefixes` of kinds, and the kinds of `keys` that there are."""
    kinds = {prefix: kind for kind, prefix in prefixes.items()}
    there = {key.casefold(): (key, kind) for key, kind in keys.items()}

    def known(key: str) -> tuple[str, str] | None:
        prefix, _, number = key.rpartition("-")
        numbered = prefix in kinds and number.isascii() and number.isdigit()
        return there.get(key.casefold()) or ((key, kinds[prefix]) if numbered else None)

    return known
