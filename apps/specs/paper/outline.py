"""Markdown to its headings and what stands below them, and back: no character is lost or moved.

CommonMark says what a heading is, so a line of a code block, of a list or of HTML is none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt

_BLOCKS = MarkdownIt("commonmark").disable("inline")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_ENDING = re.compile(r"(?:\r\n|\r|\n)\Z")
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
_FENCE = re.compile(r"(---|\+\+\+)[ \t]*(?:\r\n|\n)?\Z")
_MARK = re.compile(r"(?:\r\n|\r|\n)<!-- lattice (\{[^\r\n]*\}) -->(?=[\r\n]|\Z)")


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and what stands below it until the next one. What stands before every heading is
    a part of level 0."""

    level: int
    line: str
    """The heading, as it stands; without the line ending."""
    said: str
    """What it says."""
    mark: str
    """A comment right below it, with what its line does not say of the node; as it stands, with
    the line ending before it."""
    gap: str
    """Blank lines between it and the body, or after it where there is no body."""
    body: str
    end: str
    """Blank lines after the body."""

    @property
    def text(self) -> str:
        return f"{self.line}{self.mark}{self.gap}{self.body}{self.end}"

    @property
    def marked(self) -> str:
        """The JSON in its mark."""
        found = _MARK.fullmatch(self.mark)
        return found[1] if found else ""


NOTHING = Part(0, "", "", "", "", "", "")


@dataclass(frozen=True, slots=True)
class Outline:
    opening: str
    """Front matter with the lines around it, and the blank line below."""
    front: str
    """What stands between these lines."""
    fence: str
    """Around it: `---`, or `+++` where it is TOML."""
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return self.opening + "".join(part.text for part in self.parts)


def outline_of(text: str) -> Outline:
    opening, front, fence = _opening(text)
    return Outline(opening, front, fence, parts_of(text[len(opening) :]))


def without_front(text: str) -> Outline:
    """Where what looks like front matter is text."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return Outline(mark, "", "", parts_of(text[len(mark) :]))


def parts_of(text: str) -> tuple[Part, ...]:
    lines = _LINE.findall(text)
    headings = _headings(text)
    ends = [begin for begin, *_ in headings[1:]] + [len(lines)]
    parts = [
        _below(
            "".join(lines[after:end]),
            level=level,
            line=_ENDING.sub("", "".join(lines[begin:after])),
            said=said,
            ending=_ending("".join(lines[begin:after])),
        )
        for (begin, after, level, said), end in zip(headings, ends, strict=False)
    ]
    before = "".join(lines[: headings[0][0]] if headings else lines)
    if before or not parts:
        parts.insert(0, _below(before, level=0, line="", said="", ending=""))
    return tuple(parts)


def spaced(text: str) -> tuple[str, str, str]:
    """Blank lines before, what stands there, blank lines after with the last line's ending."""
    found = _BLANK_LINES.match(text)
    first = found.end() if found else 0
    bare = text.rstrip(" \t\r\n")
    if len(bare) <= first:
        return text, "", ""
    last = len(bare)
    while last < len(text) and text[last] in " \t":
        last += 1
    return text[:first], text[first:last], text[last:]


def ending_around(*texts: str) -> str:
    """How lines end in a document, by what stands around its own heading and body."""
    return "\r\n" if any("\r\n" in text for text in texts) else "\n"


def _headings(text: str) -> Sequence[tuple[int, int, int, str]]:
    """Of each at the top level: its first line, the line after it, its level, what it says."""
    tokens = _BLOCKS.parse(text)
    return [
        (token.map[0], token.map[1], int(token.tag[1]), tokens[at + 1].content)
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def _below(rest: str, *, level: int, line: str, said: str, ending: str) -> Part:
    rest = ending + rest
    found = _MARK.match(rest) if level else None
    mark = found[0] if found else ""
    gap, body, end = spaced(rest[len(mark) :])
    return Part(level, line, said, mark, gap, body, end)


def _ending(line: str) -> str:
    found = _ENDING.search(line)
    return found[0] if found else ""


def _opening(text: str) -> tuple[str, str, str]:
    """The front matter as it stands with its fences, and alone; and such a fence."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = iter(_LINE.finditer(text, len(mark)))
    first = next(lines, None)
    fence = _FENCE.match(first[0]) if first else None
    if first is None or fence is None:
        return mark, "", ""
    for line in lines:
        ends = _FENCE.match(line[0])
        if ends and ends[1] == fence[1]:
            below = next(lines, None)
            end = below.end() if below and below[0] in ("\n", "\r\n") else line.end()
            return text[:end], text[first.end() : line.start()], fence[1]
    return mark, "", ""
