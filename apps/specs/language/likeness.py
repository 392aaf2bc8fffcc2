"""Two demands that are one, in other words. A model says how close they are; what it does not see,
another number, another actor, a "not", or one word in the place of another, is looked at here.
Precise rather than many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from apps.specs.language.contradicting import Said, said_in
from apps.specs.language.measures import Measure, measures_in
from apps.specs.language.prose import Word
from apps.specs.language.vocabulary import EMPTY

CLOSE, VERY_CLOSE = 0.8, 0.9
"""Less is not worth a second look; more allows that one of them says a word of its own."""
FEW = 2
"""Such words."""
_HOLLOW = EMPTY | {
    *("it", "they", "itself", "possible", "able", "than", "get", "gets", "with", "to", "at", "on"),
    *("in", "for", "by", "as", "of", "when", "if"),
}
_DENYING = frozenset({"no", "not", "never", "nothing", "none", "without", "only", "alone"})
_ALONE = {"alone": "only"}
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
}
_DONE_TO = ("ed", "own", "ent", "ept", "een", "ade", "tten", "ead", "iven", "ble")
"""How words end that say what is done to a subject: stored, shown, sent, kept, seen."""


@dataclass(frozen=True)
class _Read:
    """A demand, as it is compared."""

    condition: tuple[str, ...]
    subject: tuple[str, ...]
    predicate: tuple[str, ...]
    measures: frozenset[tuple[str, float, float]]
    is_done_to: bool
    is_binding: bool
    is_denied: bool
    limits: frozenset[str]
    """Of its denying words, those beside its "not"."""

    @property
    def words(self) -> tuple[str, ...]:
        return *self.condition, *self.subject, *self.predicate


def says_the_same(one: str, other: str, closeness: float) -> bool:
    """Whether the other demands all that one does."""
    if closeness < CLOSE:
        return False
    mine, others = [*map(_read, said_in(one))], [*map(_read, said_in(other))]
    return bool(mine) and all(any(_same(a, b, closeness) for b in others) for a in mine)


def _same(one: _Read, other: _Read, closeness: float) -> bool:
    if one.measures != other.measures or _manner(one) != _manner(other):
        return False
    pairs = dict(_paired(one.words, other.words))
    own = [word for word in one.words if word not in pairs]
    others = [word for word in other.words if word not in pairs.values()]
    if own and others:
        return closeness >= CLOSE and _is_turned(one, other, pairs) and len(own) <= FEW
    if own or others:
        return closeness >= VERY_CLOSE and len(own or others) <= FEW
    return _is_about(one, other, pairs) or one.is_done_to != other.is_done_to


def _manner(read: _Read) -> tuple[bool, bool, frozenset[str]]:
    return read.is_binding, read.is_denied, read.limits


def _is_turned(one: _Read, other: _Read, pairs: dict[str, str]) -> bool:
    """One says who does it, and the other to what it is done: then the words stand in another
    order, and none in the place of another."""
    return one.is_done_to != other.is_done_to and not _is_about(one, other, pairs)


def _is_about(one: _Read, other: _Read, pairs: dict[str, str]) -> bool:
    """The same. What "it" is nobody knows here."""
    return any(pairs.get(word) in other.subject for word in one.subject)


def _paired(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[str, str]]:
    left = list(other)
    for word in one:
        like = next((that for that in left if _is_form(word, that)), None)
        if like is not None:
            left.remove(like)
            yield word, like


def _is_form(one: str, other: str) -> bool:
    """Stored and storage: they begin alike for the greater part."""
    if one == other:
        return True
    least = max(4, ceil(max(len(one), len(other)) * 0.6))
    return one.isalpha() and other.isalpha() and one[:least] == other[:least]


def _read(said: Said) -> _Read:
    demand = said.demand
    parts = [demand.condition, demand.subject, demand.predicate]
    found = [(part, measures_in(part)) for part in parts]
    words = [[*_words(part, measures)] for part, measures in found]
    verbs = [word.low for word in demand.predicate]
    return _Read(
        condition=tuple(word for word in words[0] if word not in _DENYING),
        subject=tuple(word for word in words[1] if word not in _DENYING),
        predicate=tuple(word for word in words[2] if word not in _DENYING),
        measures=frozenset(
            (one.dimension, one.low, one.high) for _, measures in found for one in measures
        ),
        is_done_to=verbs[:1] == ["be"] and any(word.endswith(_DONE_TO) for word in verbs[1:3]),
        is_binding=demand.is_binding,
        is_denied=demand.is_negated,
        limits=frozenset(
            _ALONE.get(word, word) for part in words for word in part if word in _DENYING
        ),
    )


def _words(part: Sequence[Word], measures: Sequence[Measure]) -> Iterator[str]:
    measured = {at for one in measures for at in range(one.start, one.end)}
    for at, word in enumerate(part):
        if at not in measured and word.kind != "mark" and word.low not in _HOLLOW:
            yield _NUMBERS.get(word.low, word.low)
