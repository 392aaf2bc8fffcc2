"""Two demands that nobody can meet both. Precise rather than many: both have to be about the same,
in the same words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from apps.specs.language.demands import Demand, demands_in
from apps.specs.language.measures import Measure, measures_in
from apps.specs.language.prose import Sentence, Word, sentences_of
from apps.specs.language.vocabulary import EMPTY, OPEN_ENDED, OPPOSITES

MOST_CHARACTERS = 10_000
"""Of each text that is compared. A requirement has hundreds."""
MOST_DEMANDS = 20


@dataclass(frozen=True)
class Contradiction:
    rule: str
    one: Sentence
    other: Sentence
    why: str


@dataclass(frozen=True)
class Said:
    """What is demanded, as it is compared."""

    sentence: Sentence
    demand: Demand
    condition: tuple[str, ...]
    subject: tuple[str, ...]
    predicate: tuple[str, ...]
    measures: Sequence[tuple[Measure, tuple[str, ...]]]
    """Each, and what is said beside it."""


def contradictions(one: Sequence[Said], other: Sequence[Said]) -> Iterator[Contradiction]:
    for this, that in product(one, other):
        if not this.subject or this.subject != that.subject:
            continue
        if why := _bounds(this, that):
            yield Contradiction("bounds", this.sentence, that.sentence, why)
        elif _forbids(this, that) or _forbids(that, this):
            why = "One demands what the other forbids."
            yield Contradiction("forbidden", this.sentence, that.sentence, why)
        elif _opposed(this, that):
            yield Contradiction("opposite", this.sentence, that.sentence, "They demand opposites.")


def said_in(text: str) -> Sequence[Said]:
    said = (
        _read(sentence, demand)
        for sentence in sentences_of(text[:MOST_CHARACTERS])
        for demand in demands_in(sentence)
        if demand.is_binding or demand.modal.low == "may"
    )
    return [*islice(said, MOST_DEMANDS)]


def _read(sentence: Sentence, demand: Demand) -> Said:
    words = [*demand.predicate]
    measures = []
    for measure in measures_in(words):
        beside = words[: measure.start] + words[measure.end :]
        if measure.is_bound or not OPEN_ENDED & {word.low for word in words}:
            measures.append((_turned(measure, demand), _content(beside)))
    return Said(
        sentence,
        demand,
        _content(demand.condition),
        _content(demand.subject),
        _content(words),
        measures,
    )


def _content(words: Sequence[Word]) -> tuple[str, ...]:
    return tuple(
        _stem(word.low) if word.kind == "word" else word.text
        for word in words
        if word.kind != "mark" and word.low not in EMPTY
    )


def _stem(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def _turned(measure: Measure, demand: Demand) -> Measure:
    """Not more than is at most."""
    if not demand.is_negated:
        return measure
    return measure.negated()


def _same_time(one: Said, other: Said) -> bool:
    return not one.condition or not other.condition or one.condition == other.condition


def _bounds(one: Said, other: Said) -> str:
    for (this, beside), (that, likewise) in product(one.measures, other.measures):
        if beside == likewise and _same_time(one, other) and this.excludes(that):
            return f"No value is {_told(one, this)} and {_told(other, that)}."
    return ""


def _told(said: Said, measure: Measure) -> str:
    words = said.demand.predicate[measure.start : measure.end]
    start = said.sentence.start
    told = " ".join(said.sentence.text[words[0].start - start : words[-1].end - start].split())
    return f"not {told}" if said.demand.is_negated else told


def _forbids(negative: Said, positive: Said) -> bool:
    """Whoever forbids something forbids each particular of it."""
    if not negative.demand.is_negated or positive.demand.is_negated:
        return False
    if not negative.demand.is_binding or not negative.predicate:
        return False
    if negative.condition and negative.condition != positive.condition:
        return False
    if any(measure.is_bound for measure, _ in positive.measures) and (
        negative.predicate != positive.predicate
    ):
        return False
    rest = iter(positive.predicate)
    return negative.predicate[0] == positive.predicate[0] and all(
        word in rest for word in negative.predicate
    )


def _opposed(one: Said, other: Said) -> bool:
    if one.demand.is_negated or other.demand.is_negated or not _same_time(one, other):
        return False
    if not (one.demand.is_binding and other.demand.is_binding):
        return False
    if len(one.predicate) != len(other.predicate):
        return False
    unlike = [
        frozenset(pair)
        for pair in zip(one.predicate, other.predicate, strict=True)
        if pair[0] != pair[1]
    ]
    return len(unlike) == 1 and unlike[0] in OPPOSITES
