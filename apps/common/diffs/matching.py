"""Which lines of two texts stay, in time that does not explode whatever the texts are.

Lines that stand once on both sides are the anchors (as in `git diff --patience`); what is left
between them is compared line by line where it is small, and replaced whole where it is not. Only a
line feed ends a line: everything else, carriage returns too, belongs to it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

SMALL = 10_000
"""Lines of one side times lines of the other: so much is compared line by line."""
EFFORT = 5_000_000
"""Lines that are looked at, all in all, before the rest is replaced whole."""

Same = tuple[int, int]
Edit = tuple[int, int, int, int]
"""a, b, c, d: old[a:b] becomes new[c:d]."""


def lines_of(text: str) -> list[str]:
    """With their line feeds; the last one may have none."""
    lines = text.split("\n")
    last = lines.pop()
    return [f"{line}\n" for line in lines] + ([last] if last else [])


def edits_between(old: Sequence[str], new: Sequence[str]) -> list[Edit]:
    """What differs, in order."""
    found: list[Edit] = []
    a = c = 0
    for at_old, at_new in [*_matches(old, new), (len(old), len(new))]:
        if (a, c) != (at_old, at_new):
            found.append((a, at_old, c, at_new))
        a, c = at_old + 1, at_new + 1
    return found


def _matches(old: Sequence[str], new: Sequence[str]) -> list[Same]:
    found: list[Same] = []
    waiting, effort = [(0, len(old), 0, len(new))], 0
    while waiting:
        a, b, c, d = waiting.pop()
        while a < b and c < d and old[a] == new[c]:
            found.append((a, c))
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
            found.append((b, d))
        if a == b or c == d or effort > EFFORT:
            continue
        product = (b - a) * (d - c)
        effort += min(product * min(b - a, d - c), SMALL) if product <= SMALL else b - a + d - c
        if product <= SMALL:
            found += _compared(old, new, a, b, c, d)
        elif anchors := _anchors(old, new, a, b, c, d):
            for x, y in [*anchors, (b, d)]:
                waiting.append((a, x, c, y))
                a, c = x + 1, y + 1
            found += anchors
    return sorted(found)


def _compared(
    old: Sequence[str], new: Sequence[str], a: int, b: int, c: int, d: int
) -> Iterator[Same]:
    matcher = SequenceMatcher(None, old[a:b], new[c:d], autojunk=False)
    for x, y, size in matcher.get_matching_blocks():
        for step in range(size):
            yield a + x + step, c + y + step


def _anchors(old: Sequence[str], new: Sequence[str], a: int, b: int, c: int, d: int) -> list[Same]:
    """The longest row of lines that stand once on either side, in the same order on both."""
    here, there = Counter(old[a:b]), Counter(new[c:d])
    place = {line: y for y, line in enumerate(new[c:d], c) if there[line] == 1}
    pairs = [
        (x, place[line]) for x, line in enumerate(old[a:b], a) if here[line] == 1 and line in place
    ]
    ends: list[int] = []
    tails: list[int] = []
    previous: list[int] = []
    for number, (_, y) in enumerate(pairs):
        at = bisect_left(ends, y)
        previous.append(tails[at - 1] if at else -1)
        if at == len(ends):
            ends.append(y)
            tails.append(number)
        else:
            ends[at], tails[at] = y, number
    row: list[Same] = []
    number = tails[-1] if tails else -1
    while number >= 0:
        row.append(pairs[number])
        number = previous[number]
    return row[::-1]
