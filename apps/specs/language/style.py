"""What makes a requirement hard to build or to test, sentence by sentence. English only: in other
languages there is nothing that it would find, so it does not look.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from apps.specs.choices import Severity
from apps.specs.language.demands import Demand, demands_in
from apps.specs.language.measures import measures_in
from apps.specs.language.prose import Sentence, Word, sentences_of
from apps.specs.language.vague import Vague, vague_in
from apps.specs.language.vocabulary import (
    ADVERBS,
    COMMON,
    DETERMINERS,
    IRREGULAR,
    LOGIC,
    NO_ACTOR,
    NO_ADVERBS,
    STATES,
)

_PLACE_HELD = re.compile(
    r"\?\?\?|(?:…|\.\.\.|___)(?= [a-z%°])|\[[a-z]{2,20}(?: [a-z]{1,20})?\](?![(\[:])"
)
_FIXES = {
    Vague.WEASEL: "Say by what anybody can tell: a number, a list, a named standard.",
    Vague.DEGREE: "Say how much: a number with its unit, and under which load.",
    Vague.TIME: "Say by when, or how often: within 2 s, every 5 minutes.",
    Vague.ABSOLUTE: "Say what a test can show: a share, a number, a list of cases.",
    Vague.COMPARED: "Say than what, and by how much.",
    Vague.OPEN: "Decide it, or keep this as a draft.",
}
_MESSAGES = {
    Vague.WEASEL: "“{}” means something else to each reader.",
    Vague.DEGREE: "“{}” has no measure.",
    Vague.TIME: "“{}” is no time.",
    Vague.ABSOLUTE: "No test can show “{}”.",
    Vague.COMPARED: "“{}” is compared with nothing.",
    Vague.OPEN: "“{}” is left open.",
}
_RULES = {Vague.DEGREE: "weasel", Vague.COMPARED: "untestable"}


MOST_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class StyleFault:
    rule: str
    severity: Severity
    message: str
    at: int
    """Where in the text."""
    sentence: str
    fix: str


def style_faults(text: str) -> Iterator[StyleFault]:
    if len(text) > MOST_CHARACTERS:
        message = f"This is no requirement but a book: its first {MOST_CHARACTERS:,} characters "
        fix = "Cut it into a document with requirements as parts."
        yield StyleFault("length", Severity.WARNING, f"{message}were read.", 0, text[:80], fix)
        text = text[:MOST_CHARACTERS]
    binding: list[tuple[Sentence, Demand]] = []
    weak: list[tuple[Sentence, Demand]] = []
    first: Sentence | None = None
    introduced = False
    for sentence in sentences_of(text):
        first = first or sentence
        if not is_english(sentence.words) and not introduced:
            continue
        demands = demands_in(sentence)
        for demand in demands:
            (binding if demand.is_binding else weak).append((sentence, demand))
        yield from _unfinished(sentence)
        # A list that a demand introduces says what is demanded.
        introduced = sentence.words[-1].text == ":" if demands else introduced
        if demands or introduced:
            yield from _vague(sentence)
            yield from _and_or(sentence)
        for demand in demands:
            if demand.is_binding:
                yield from _passive(sentence, demand)
    if len(binding) > 1:
        yield _several(binding)
    if not binding and first and (weak or is_english(first.words)):
        yield _nothing_demanded(first, weak)


def is_english(words: Sequence[Word]) -> bool:
    said = [word.low for word in words if word.kind == "word"]
    return not said or sum(word in COMMON for word in said) * 8 >= len(said)


def _vague(sentence: Sentence) -> Iterator[StyleFault]:
    words = sentence.words
    found = [one for one in vague_in(words) if one[0] != Vague.OPEN]
    if not found:
        return
    dimensions = {one.dimension for one in measures_in(words) if not one.is_counted}
    for kind, start, end in found:
        measured = kind in (Vague.DEGREE, Vague.COMPARED) and dimensions
        timed = kind == Vague.TIME and any("time" in one for one in dimensions)
        compared = kind == Vague.COMPARED and any(word.low == "than" for word in words[end:])
        if not (measured or timed or compared):
            yield _vague_fault(kind, sentence, start, end)


def _unfinished(sentence: Sentence) -> Iterator[StyleFault]:
    for kind, start, end in vague_in(sentence.words):
        if kind == Vague.OPEN:
            yield _vague_fault(kind, sentence, start, end)
    if place := _PLACE_HELD.search(sentence.text):
        yield _fault(Vague.OPEN, sentence.start + place.start(), sentence, place.group())


def _vague_fault(kind: Vague, sentence: Sentence, start: int, end: int) -> StyleFault:
    words = sentence.words[start:end]
    at = words[0].start
    written = sentence.text[at - sentence.start : words[-1].end - sentence.start]
    return _fault(kind, at, sentence, written)


def _fault(kind: Vague, at: int, sentence: Sentence, written: str) -> StyleFault:
    return StyleFault(
        _RULES.get(kind, kind.value),
        Severity.WARNING,
        _MESSAGES[kind].format(" ".join(written.split())),
        at,
        sentence.text,
        _FIXES[kind],
    )


def _and_or(sentence: Sentence) -> Iterator[StyleFault]:
    words = sentence.words
    for at in range(1, len(words) - 3):
        one, slash, other = words[at : at + 3]
        if slash.text == "/" and (one.low, other.low) in _EITHER:
            if one.text.isupper() and words[at + 3].low in LOGIC:
                continue
            before, after = words[at - 1].text, words[at + 3].text
            written = sentence.text[one.start - sentence.start : other.end - sentence.start]
            message = f"“{written}” leaves open which: each reader decides."
            fix = f"Write: {before} or {after}, or both. Or say only one of them."
            yield StyleFault("and_or", Severity.WARNING, message, one.start, sentence.text, fix)


_EITHER = frozenset({("and", "or"), ("or", "and"), ("&", "or")})


def _passive(sentence: Sentence, demand: Demand) -> Iterator[StyleFault]:
    words = demand.predicate
    at = _past_adverbs(words, 0)
    said = [word.low for word in words[at : at + 2]]
    if said == ["have", "been"]:
        at += 1
    elif said[:1] not in (["be"], ["get"]):
        return
    at = _past_adverbs(words, at + 1)
    if at >= len(words) or words[at].kind != "word" or not _is_participle(words[at].low):
        return
    if not any(_is_actor(words, by) for by in range(at + 1, len(words)) if words[by].low == "by"):
        message = f"Who does it? “{words[at].text}” names nobody."
        fix = "Name who does it: “The gateway shall …”, or add by whom."
        yield StyleFault(
            "passive", Severity.ADVICE, message, demand.modal.start, sentence.text, fix
        )


def _past_adverbs(words: Sequence[Word], at: int) -> int:
    while at < len(words) and (
        words[at].low in ADVERBS
        or (words[at].low.endswith("ly") and words[at].low not in NO_ADVERBS)
    ):
        at += 1
    return at


def _is_participle(word: str) -> bool:
    if word in STATES:
        return False
    return word in IRREGULAR or (len(word) > 4 and word.endswith("ed"))


def _is_actor(words: Sequence[Word], by: int) -> bool:
    following = [word for word in words[by + 1 : by + 4] if word.kind in ("word", "literal")]
    if not following or words[by + 1].kind == "number":
        return False
    first = following[0].low
    named = following[1].low if first in DETERMINERS and len(following) > 1 else first
    return not (named in NO_ACTOR or named.endswith("ing"))


def _several(binding: Sequence[tuple[Sentence, Demand]]) -> StyleFault:
    (sentence, first), (other, second) = binding[0], binding[1]
    message = f"{len(binding)} things are demanded here: one may hold while another does not."
    fix = "Make a requirement of each."
    if sentence is other and first.subject and first.subject == second.subject:
        subject = _written(sentence, first.subject)
        parts = " ".join(
            f"“{subject} {demand.modal.text} {'not ' * demand.is_negated}"
            f"{_written(sentence, demand.predicate).rstrip('.,;')}.”"
            for one, demand in binding
            if one is sentence and demand.predicate
        )
        fix = f"Make a requirement of each: {parts}"
    return StyleFault(
        "several_demands", Severity.WARNING, message, second.modal.start, other.text, fix[:500]
    )


def _written(sentence: Sentence, words: Sequence[Word]) -> str:
    start, end = words[0].start - sentence.start, words[-1].end - sentence.start
    return " ".join(sentence.text[start:end].split())


def _nothing_demanded(first: Sentence, weak: Sequence[tuple[Sentence, Demand]]) -> StyleFault:
    message = "Nothing is demanded here: it has no “shall”."
    if not weak:
        fix = "Say who shall do what: “The gateway shall …”."
        return StyleFault("no_demand", Severity.WARNING, message, first.start, first.text, fix)
    sentence, demand = weak[0]
    message = f"“{demand.modal.text}” demands nothing: one may do it or not."
    at = demand.modal.start - sentence.start
    rest = sentence.text[at + len(demand.modal.text) :]
    fix = f"If it is demanded, write: {' '.join(f'{sentence.text[:at]}shall{rest}'.split())}"
    return StyleFault(
        "no_demand", Severity.WARNING, message, demand.modal.start, sentence.text, fix[:500]
    )
