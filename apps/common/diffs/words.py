"""Which of the lines that went became which of those that came, and by which words."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from rapidfuzz import process
from rapidfuzz.distance import Indel, LCSseq, Postfix, Prefix

from apps.common.diffs.lines import Line, Piece, Row

ALIKE = 0.5
"""Of their words, so that one line counts as the other, changed."""
AHEAD = 16
"""So many lines further on is a line looked for that became another."""
WIDE = 2_000
"""Characters of a line that are compared word by word."""

_WORD = re.compile(r"⟨U\+[^⟩]*⟩|\w+|\s+|.", re.DOTALL)


class _Words:
    """Lines in an alphabet of a letter for a word, in which they are compared at once."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def of(self, text: str) -> tuple[list[str], str]:
        words = _WORD.findall(text[:WIDE])
        letters = self._letters
        return words, "".join(
            [letters.get(word) or letters.setdefault(word, chr(len(letters))) for word in words]
        )


def rows_of(gone: Sequence[str], new: Sequence[str], *, before: int, after: int) -> Iterator[Row]:
    """Of a block that was replaced; its first lines have these numbers. In the order of both."""
    words = _Words()
    old_read, new_read = [words.of(text) for text in gone], [words.of(text) for text in new]
    kept, reached = 0, 0
    for at, to in [*_pairs(old_read, new_read), (len(gone), len(new))]:
        for one, other in zip_longest(range(kept, at), range(reached, to)):
            yield Row(
                None if one is None else line_of(before + one, gone[one]),
                None if other is None else line_of(after + other, new[other]),
            )
        if at < len(gone):
            one_pieces, other_pieces = _pieces(gone[at], new[to], old_read[at], new_read[to])
            yield Row(
                Line(before + at, one_pieces, gone[at].endswith("\n")),
                Line(after + to, other_pieces, new[to].endswith("\n")),
            )
        kept, reached = at + 1, to + 1


def line_of(number: int, text: str) -> Line:
    return Line(number, (Piece(text.removesuffix("\n")),), text.endswith("\n"))


Read = tuple[list[str], str]
Pieces = tuple[Piece, ...]


def _pairs(gone: Sequence[Read], new: Sequence[Read]) -> Iterator[tuple[int, int]]:
    said = [_telling(read) for read in new]
    reached = 0
    for at, read in enumerate(gone):
        ahead = said[reached : reached + AHEAD]
        best = process.extractOne(
            _telling(read), ahead, scorer=Indel.normalized_similarity, score_cutoff=ALIKE
        )
        if best:
            reached += best[2]
            yield at, reached
            reached += 1


def _telling(read: Read) -> str:
    """Without what is between words: lines are not alike because they have spaces."""
    words, letters = read
    return "".join(
        [letter for word, letter in zip(words, letters, strict=True) if not word.isspace()]
    )


def _pieces(one: str, other: str, one_read: Read, other_read: Read) -> tuple[Pieces, Pieces]:
    one, other = one.removesuffix("\n"), other.removesuffix("\n")
    if len(one) > WIDE or len(other) > WIDE:
        return _ends_apart(one, other)
    (words, letters), (other_words, other_letters) = one_read, other_read
    old: list[Piece] = []
    new: list[Piece] = []
    for code in LCSseq.opcodes(letters, other_letters):
        went = words[code.src_start : code.src_end]
        came = other_words[code.dest_start : code.dest_end]
        _add(old, "".join(went).removesuffix("\n"), code.tag != "equal")
        _add(new, "".join(came).removesuffix("\n"), code.tag != "equal")
    return tuple(old), tuple(new)


def _add(pieces: list[Piece], text: str, changed: bool) -> None:
    if not text:
        return
    if changed and len(pieces) > 1 and pieces[-1].text.isspace():
        # A space between two words that changed belongs to them.
        text = pieces.pop().text + text
    if pieces and pieces[-1].changed == changed:
        text = pieces.pop().text + text
    pieces.append(Piece(text, changed))


def _ends_apart(one: str, other: str) -> tuple[Pieces, Pieces]:
    """What is between the same beginning and the same end."""
    start = int(Prefix.similarity(one, other))
    end = int(Postfix.similarity(one[start:], other[start:]))

    def split(text: str) -> Pieces:
        middle = len(text) - end
        parts = ((text[:start], False), (text[start:middle], True), (text[middle:], False))
        return tuple(Piece(part, changed) for part, changed in parts if part)

    return split(one), split(other)
