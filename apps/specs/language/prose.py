"""Markdown read as sentences of words, each with its place. Code and quotations are words that
nobody judges; notes, examples, citations and tables are not read.

One pass from left to right: the time grows with the text, whatever the text is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.specs.language.vocabulary import ABBREVIATIONS

_TOKEN = re.compile(
    r"""
      (?P<skipped>\]\([^()\s]*\) | <[^<>\s][^<>]{0,200}>)
    | (?P<literal>`[^`]+` | "[^"\n]{1,200}" | “[^”\n]{1,200}” | «[^»\n]{1,200}» | https?://\S+)
    | (?P<number>\d+(?:[.,]\d+)*)
    | (?P<word>[^\W\d_](?:[\w’'-]*\w)?)
    | (?P<mark><= | >= | [^\w\s])
    """,
    re.VERBOSE,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?")
_RULE = re.compile(r"\s*[-=*_]{3,}\s*$")
_ASIDE = re.compile(
    r"\W*(?:note|notes|rationale|example|examples|background|comment|remark|see also|source|why"
    r"|reason|e\.g\.|history|references?)\b\W*(?:\d+\W*)?[:.—–-]",
    re.IGNORECASE,
)
LONGEST = 400
"""Words of a sentence. What is longer is no sentence, and is read in parts."""


@dataclass(slots=True)
class Word:
    kind: str
    """word, number, mark or literal."""
    text: str
    """As it is written."""
    low: str
    """The same without capitals, for what is a word."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    words: Sequence[Word]
    text: str

    @property
    def start(self) -> int:
        return self.words[0].start


def sentences_of(text: str) -> Iterator[Sentence]:
    for start, end in _blocks(text):
        words: list[Word] = []
        for word in _words(text, start, end):
            words.append(word)
            if _ends(words, text, end) or len(words) == LONGEST:
                yield _sentence(words, text)
                words = []
        if words:
            yield _sentence(words, text)


def place_of(text: str, at: int) -> tuple[int, int]:
    """Line and column, from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _sentence(words: Sequence[Word], text: str) -> Sentence:
    return Sentence(words, text[words[0].start : words[-1].end])


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Paragraphs and items of lists, as spans."""
    begun: int | None = None
    ended = at = 0
    fence = ""
    comment = in_list = skipping = False
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        bare = line.strip()
        if fence:
            if bare.startswith(fence) and not bare.strip(fence[0]):
                fence = ""
            continue
        if comment:
            comment = "-->" not in line
            continue
        item = _ITEM.match(line)
        opening = _FENCE.match(line)
        apart = opening or not bare or bare[0] in "#>|" or _RULE.match(line)
        comment = bare.startswith("<!--") and "-->" not in bare
        code = line.startswith(("    ", "\t")) and begun is None and not in_list
        if apart or item or bare.startswith("<!--"):
            if begun is not None and not skipping:
                yield begun, ended
            begun = None
            skipping = False
        if opening:
            fence = opening.group(1)
        in_list = bool(item) or (in_list and (not bare or line[0].isspace()))
        if apart or code or bare.startswith("<!--"):
            continue
        if begun is None:
            begun = start + (item.end() if item else 0)
            skipping = _ASIDE.match(text, begun, at) is not None
        ended = at
    if begun is not None and not skipping:
        yield begun, ended


def _words(text: str, start: int, end: int) -> Iterator[Word]:
    for match in _TOKEN.finditer(text, start, end):
        kind = str(match.lastgroup)
        if kind != "skipped":
            written = match.group()
            yield Word(kind, written, written.lower(), match.start(), match.end())


def _ends(words: Sequence[Word], text: str, end: int) -> bool:
    last = words[-1]
    if last.kind != "mark" or last.text not in ".!?…":
        return False
    if last.end >= end:
        return True
    if last.text == "…" and text[last.end : last.end + 2].strip()[:1].islower():
        return False
    if not text[last.end].isspace() and text[last.end] not in "\"')”»":
        return False
    before = words[-2] if len(words) > 1 else None
    if last.text != "." or not before or before.kind != "word" or before.end != last.start:
        return True
    is_unit = len(words) > 2 and words[-3].kind == "number"
    initial = len(before.text) == 1 and before.text.isupper()
    if not is_unit and (initial or before.low in ABBREVIATIONS or _is_dotted(words)):
        # "etc." may end a sentence: a capital tells.
        return before.low == "etc" and text[last.end : last.end + 3].strip()[:1].isupper()
    return True


def _is_dotted(words: Sequence[Word]) -> bool:
    """e.g. and i.e. are letters with full stops."""
    return len(words) > 3 and words[-3].text == "." and len(words[-2].text) == 1
