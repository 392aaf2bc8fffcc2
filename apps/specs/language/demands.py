"""What a sentence demands: under which condition, of whom, and what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.specs.language.prose import Sentence, Word
from apps.specs.language.vocabulary import (
    BINDING,
    FINITE,
    JOINING,
    LEADING,
    RELATIVE,
    SUBORDINATING,
    TRAILING,
    WEAK,
)

_STOPS = frozenset({",", ";", ":", "—", "–", "(", ")"})


@dataclass(frozen=True, slots=True)
class Demand:
    condition: Sequence[Word]
    subject: Sequence[Word]
    modal: Word
    is_negated: bool
    predicate: Sequence[Word]
    """What follows, without "not"."""

    @property
    def is_binding(self) -> bool:
        return self.modal.low in BINDING


def demands_in(sentence: Sentence) -> list[Demand]:
    """Binding ones of main clauses, or where there are none, weak ones."""
    words = sentence.words
    modals = [at for at, word in enumerate(words) if word.kind == "word" and word.low in BINDING]
    if not modals:
        modals = [at for at in range(len(words)) if _is_weak(words, at)]
    main = [at for at in modals if not _is_subordinate(words, at)] or modals[-1:]
    return [*_demands(words, main)]


def _is_weak(words: Sequence[Word], at: int) -> bool:
    word = words[at]
    if word.kind != "word" or word.low not in WEAK or at + 1 >= len(words):
        return False
    if word.text == "May" and (at or words[at + 1].kind == "number"):
        return False
    # "The will", "a can" are things; "at will" is none.
    return not (at and words[at - 1].low in ("the", "a", "an", "at", "free"))


def _is_subordinate(words: Sequence[Word], at: int) -> bool:
    for back in range(at - 1, max(-1, at - 40), -1):
        low = words[back].low
        if low in _STOPS or (low in JOINING and at - back <= 6 and _begins(words, back, at)):
            return False
        if low == "which" and words[back - 1].low in ("after", "upon"):
            return False  # "..., after which the till shall"
        if low in RELATIVE:
            between = words[back + 1 : at]
            return not any(word.low in FINITE for word in between)
        if low in SUBORDINATING:
            return True
    return False


def _begins(words: Sequence[Word], joint: int, modal: int) -> bool:
    """Whether a clause of its own begins there: "and shall", "and the gateway shall"."""
    return modal == joint + 1 or words[joint + 1].low in ("the", "a", "an", "it", "they", "also")


def _demands(words: Sequence[Word], modals: Sequence[int]) -> Iterator[Demand]:
    subject: Sequence[Word] = ()
    condition: Sequence[Word] = ()
    begun = 0
    for number, at in enumerate(modals):
        before = words[begun:at]
        joined = bool(before) and before[-1].low in JOINING
        if number == 0 or not joined:
            condition, subject = _parted(before)
        end = modals[number + 1] if number + 1 < len(modals) else len(words)
        predicate = words[at + 1 : _clause_end(words, at + 1, end, number + 1 < len(modals))]
        negated, predicate = _negation(predicate)
        if subject and subject[0].low in ("no", "neither"):
            negated, subject = not negated, subject[1:]
        trailing = next((n for n, one in enumerate(predicate) if one.low in TRAILING), None)
        conditions = list(condition)
        if trailing is not None and trailing > 0:
            conditions += predicate[trailing:]
            predicate = predicate[:trailing]
        yield Demand(conditions, subject, words[at], negated, predicate)
        begun = _clause_end(words, at + 1, end, number + 1 < len(modals))


def _clause_end(words: Sequence[Word], start: int, end: int, more: bool) -> int:
    """Where the next clause begins: at the joint before its modal."""
    if not more:
        return end
    joints = [at for at in range(start, end) if words[at].low in JOINING | _STOPS]
    return joints[-1] if joints else end


def _parted(before: Sequence[Word]) -> tuple[Sequence[Word], Sequence[Word]]:
    """Condition and subject."""
    while before and (before[0].kind == "mark" or before[0].low in JOINING):
        before = before[1:]
    commas = [at for at, word in enumerate(before) if word.text in (",", ":")]
    if not commas:
        return (), before
    last = commas[-1]
    if last == len(before) - 1:  # "The API, if enabled, shall"
        first = commas[0]
        return before[first + 1 : last], before[:first]
    if before[0].low in LEADING:
        return before[:last], before[last + 1 :]
    return (), before


def _negation(predicate: Sequence[Word]) -> tuple[bool, Sequence[Word]]:
    lows = [word.low for word in predicate[:2]]
    if lows[:1] == ["not"] and lows[1:] != ["only"]:
        return True, predicate[1:]
    if lows[:1] == ["never"]:
        return True, predicate[1:]
    if lows == ["no", "longer"]:
        return True, predicate[2:]
    return False, predicate
