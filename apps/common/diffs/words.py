"""Which of the lines that went became which of those that came, and by which words."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, zip_longest
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Indel, LCSseq, Postfix, Prefix

from apps.common.diffs.lines import Line, Row

ALIKE = 0.5
"""Of their words, so that one line counts as the other, changed."""
AHEAD = 16
"""So many lines further on is a line looked for that became another."""
WIDE = 2_000
"""Characters of a line that are compared word by word."""

_WORD = re.compile(r"⟨U\+[^⟩]*⟩|\w+|\s+|.", re.DOTALL)


Spans = tuple[tuple[int, int], ...]


class _Read(NamedTuple):
    """A line in an alphabet of a letter for a word, in which lines are compared at once."""

    words: list[str]
    letters: str
    telling: str
    """Without what is between words: lines are not alike because they have spaces."""


class _Alphabet:
    def __init__(self) -> None:
        self._letters: dict[str, str] = {}
        self._spaces: set[str] = set()

    def read(self, text: str) -> _Read:
        words = _WORD.findall(text[:WIDE])
        known = self._letters
        letters = [known.get(word) or self._learn(word) for word in words]
        spaces = self._spaces
        telling = [letter for letter in letters if letter not in spaces]
        return _Read(words, "".join(letters), "".join(telling))

    def _learn(self, word: str) -> str:
        letter = self._letters[word] = chr(len(self._letters))
        if word.isspace():
            self._spaces.add(letter)
        return letter


def rows_of(gone: Sequence[str], new: Sequence[str], *, before: int, after: int) -> Iterator[Row]:
    """Of a block that was replaced; its first lines have these numbers. In the order of both."""
    pairs = _pairs(gone, new) if gone and new else ()
    kept, reached = 0, 0
    for at, to, went, came in chain(pairs, [(len(gone), len(new), (), ())]):
        for one, other in zip_longest(range(kept, at), range(reached, to)):
            yield Row(
                None if one is None else line_of(before + one, gone[one]),
                None if other is None else line_of(after + other, new[other]),
            )
        if at < len(gone):
            yield Row(line_of(before + at, gone[at], went), line_of(after + to, new[to], came))
        kept, reached = at + 1, to + 1


def line_of(number: int, text: str, changed: Spans = ()) -> Line:
    return Line(number, text.removesuffix("\n"), changed, text.endswith("\n"))


def _pairs(gone: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, Spans, Spans]]:
    """Which became which, and where they differ."""
    alphabet = _Alphabet()
    others = [alphabet.read(text.removesuffix("\n")) for text in new]
    said = [read.telling for read in others]
    reached = 0
    for at, text in enumerate(gone):
        read = alphabet.read(text.removesuffix("\n"))
        ahead = said[reached : reached + AHEAD]
        best = process.extractOne(
            read.telling, ahead, scorer=Indel.normalized_similarity, score_cutoff=ALIKE
        )
        if best:
            reached += best[2]
            if len(text) > WIDE or len(new[reached]) > WIDE:
                yield at, reached, *_between_ends(text, new[reached])
            else:
                yield at, reached, *_spans(read, others[reached])
            reached += 1


def _spans(one: _Read, other: _Read) -> tuple[Spans, Spans]:
    codes = [code for code in LCSseq.opcodes(one.letters, other.letters) if code.tag != "equal"]
    return (
        _joined(one.words, [(code.src_start, code.src_end) for code in codes]),
        _joined(other.words, [(code.dest_start, code.dest_end) for code in codes]),
    )


def _joined(words: list[str], changed: list[tuple[int, int]]) -> Spans:
    """A space between two words that changed belongs to them."""
    starts = [*accumulate(map(len, words), initial=0)]
    spans: list[tuple[int, int]] = []
    last = 0
    for a, b in changed:
        if a == b:
            continue
        start = starts[a]
        if spans and all(word.isspace() for word in words[last:a]):
            start = spans.pop()[0]
        spans.append((start, starts[b]))
        last = b
    return tuple(spans)


def _between_ends(one: str, other: str) -> tuple[Spans, Spans]:
    """What is between the same beginning and the same end."""
    one, other = one.removesuffix("\n"), other.removesuffix("\n")
    start = int(Prefix.similarity(one, other))
    end = int(Postfix.similarity(one[start:], other[start:]))
    went, came = ((start, len(text) - end) for text in (one, other))
    return (went,) if start < went[1] else (), (came,) if start < came[1] else ()
