"""YAML text to plain values that know where they stand, or a fault that does.

Strict on purpose: scalars as in YAML 1.2 (`no` and `on` are words, 09:00 is no number, 0800 is no
octal), keys are always text and stand once, no tags, anchors, aliases, merges or directives.
Limits are checked while the text is read, so that a bomb costs no more than its first bytes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

import yaml

from apps.common.texts.hidden import needless

BYTES_LIMIT = 256 * 1024
DEPTH_LIMIT = 30
NODES_LIMIT = 30_000

Mark = Any
Event = Any
"""Of PyYAML, whose stubs say that an event may have no marks: those of the parser have."""


class Fault(Exception):
    """What is wrong and where. It never quotes the text: that may not be the asker's to read."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


class Place(NamedTuple):
    """Where a value is said (its key, where it has one), and which characters are the value."""

    line: int
    column: int
    start: int
    end: int
    inside: Mapping[str | int, "Place"]


def read_nodes(text: str | bytes) -> tuple[Any, Place]:
    """The one document in the text. Raises the first Fault."""
    decoded = _decode(text)
    hidden = hidden_character(decoded)
    if hidden is not None:
        raise _fault_at(decoded, hidden, "Take out the invisible or control character here.")
    try:
        return _compose(decoded)
    except yaml.reader.ReaderError as error:
        raise _fault_at(decoded, error.position, "This character cannot stand in YAML.") from None
    except yaml.MarkedYAMLError as error:
        raise _fault_of(error, decoded) from None


def hidden_character(text: str) -> int | None:
    """The index of the first that a reader would not see, and that nothing in it needs."""
    return next(needless(text), None)


def _decode(text: str | bytes) -> str:
    too_large = Fault(1, 1, f"It has at most {BYTES_LIMIT // 1024} KiB. Make it shorter.")
    if len(text) > BYTES_LIMIT:
        raise too_large
    if isinstance(text, str):
        # Surrogates have no bytes of their own; the look for hidden characters names them.
        if len(text.encode(errors="surrogatepass")) > BYTES_LIMIT:
            raise too_large
        return text.removeprefix("\ufeff")
    try:
        return text.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode()
        raise _fault_at(before, len(before), "Save the file as UTF-8: this is not.") from None


def _fault_at(text: str, index: int, message: str) -> Fault:
    before = text[:index]
    return Fault(before.count("\n") + 1, index - before.rfind("\n"), message)


# --- events of the parser to values


_ANCHORS = "Anchors, aliases and merges (& * <<) are not used here. Write it out."
_OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been read."""

    value: dict[str, Any] | list[Any]
    said: Mark
    start: int
    inside: dict[str | int, Place] = field(default_factory=dict)
    key: str | None = None
    key_mark: Mark | None = None


def _compose(text: str) -> tuple[Any, Place]:
    above: list[_Open] = []
    whole: tuple[Any, Place] | None = None
    last = _last(text)
    for event in _one_document(text):
        # The parser places a value that is left out at the very end one line past it.
        here: Mark = event.start_mark if event.start_mark.index < len(text) else last
        end: int = event.end_mark.index
        if isinstance(event, _OPENING):
            if len(above) == DEPTH_LIMIT:
                raise _fault(here, f"Lists and fields nest at most {DEPTH_LIMIT} deep.")
            if _wants_key(above):
                raise _fault(here, "A field's name is one word, not a list or fields.")
            fields = isinstance(event, yaml.MappingStartEvent)
            above.append(_Open({} if fields else [], _said(above) or here, here.index))
        elif isinstance(event, _CLOSING):
            done = above.pop()
            whole = _put(above, done.value, _place(done.said, done.start, end, done.inside))
        elif _wants_key(above):
            _take_key(above[-1], event)
        else:
            place = _place(_said(above) or here, here.index, end, {})
            whole = _put(above, _scalar(event), place)
    if whole is None:
        raise Fault(1, 1, 'The policy is empty. Begin with: version: "1"')
    return whole


@dataclass(frozen=True, slots=True)
class _Spot:
    """A mark of our own."""

    line: int
    column: int
    index: int


def _last(text: str) -> _Spot:
    index = len(text.rstrip())
    return _Spot(text.count("\n", 0, index), index - text.rfind("\n", 0, index) - 1, index)


def _said(above: list[_Open]) -> Mark | None:
    """Where the field's name stands whose value comes next."""
    return above[-1].key_mark if above else None


def _place(said: Mark, start: int, end: int, inside: Mapping[str | int, Place]) -> Place:
    return Place(said.line + 1, said.column + 1, start, end, inside)


def _one_document(text: str) -> Iterator[Event]:
    """The events that make values, of no more than one document and within the limits."""
    documents = nodes = 0
    event: Event
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        here = event.start_mark
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _fault(here, "One file holds one policy: take out what follows `---`.")
            if event.version or event.tags:
                raise _fault(here, "Directives (lines with %) are not used here.")
        elif isinstance(event, yaml.AliasEvent):
            raise _fault(here, _ANCHORS)
        elif isinstance(event, (*_OPENING, yaml.ScalarEvent)):
            nodes += 1
            if nodes > NODES_LIMIT:
                raise _fault(here, f"It has at most {NODES_LIMIT:,} values and names.")
            if event.anchor is not None:
                raise _fault(here, _ANCHORS)
            if event.tag is not None:
                raise _fault(here, "Tags (words with !) are not used here.")
            yield event
        elif isinstance(event, _CLOSING):
            yield event


def _wants_key(above: list[_Open]) -> bool:
    return bool(above) and isinstance(above[-1].value, dict) and above[-1].key is None


def _take_key(mapping: _Open, event: Event) -> None:
    key, here = event.value, event.start_mark
    if not key:
        raise _fault(here, "A field's name is missing before the colon.")
    if key == "<<" and not event.style:
        raise _fault(here, _ANCHORS)
    if hidden_character(key) is not None:
        raise _fault(here, "Take out the escape for an invisible or control character.")
    if key in mapping.inside:
        first = mapping.inside[key].line
        raise _fault(here, f"This field stands twice; first in line {first}. Keep one.")
    mapping.key, mapping.key_mark = key, here


def _put(above: list[_Open], value: Any, place: Place) -> tuple[Any, Place] | None:
    """Into what is open around it; at the top, it is the whole."""
    if not above:
        return value, place
    around = above[-1]
    if isinstance(around.value, list):
        around.inside[len(around.value)] = place
        around.value.append(value)
    elif around.key is not None:
        around.inside[around.key] = place
        around.value[around.key] = value
        around.key = around.key_mark = None
    return None


# --- scalars, as the core schema of YAML 1.2 has them, without octals and hexadecimals


_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DIGITS_LIMIT = 18


def _scalar(event: Event) -> Any:
    said = event.value
    if event.style:  # in quotes, or a block of text
        return said
    if said in _WORDS:
        return _WORDS[said]
    if not _NUMBER.fullmatch(said):
        return said
    if len(said) > _DIGITS_LIMIT:
        raise _fault(event.start_mark, "This number is longer than any that is meant here.")
    if _INTEGER.fullmatch(said):
        return int(said)
    number = float(said)
    if not isfinite(number):
        raise _fault(event.start_mark, "This number is larger than any that is meant here.")
    return number


# --- what the parser says


_PLAINLY = {
    "found character that cannot start any token": (
        "Indent with spaces, not tabs. Text that begins with @, ` or % needs quotes."
    ),
    "mapping values are not allowed in this context": (
        "There is a colon too many, or the line before is not finished. Put text that holds a "
        "colon in quotes."
    ),
    "did not find expected key": (
        "A field's name is expected here: see whether this line stands in the same column as its "
        "neighbours."
    ),
    "did not find expected '-' indicator": (
        "Another `- item` is expected here: see whether this line stands in the right column."
    ),
    "did not find expected ',' or ']'": "A list that was opened with [ has no ] before this.",
    "did not find expected ',' or '}'": "What was opened with { has no } before this.",
    "did not find expected <document start>": "Something stands here after the policy has ended.",
    "could not find expected ':'": "A colon and a space are expected after a field's name.",
    "found unknown escape character": (
        "Within double quotes a backslash must be doubled. Use single quotes for patterns."
    ),
    "found unexpected end of stream": "A quote that was opened here is never closed.",
}


def _fault(mark: Mark, message: str) -> Fault:
    return Fault(mark.line + 1, mark.column + 1, message)


def _fault_of(error: yaml.MarkedYAMLError, text: str) -> Fault:
    unclosed = error.problem == "found unexpected end of stream"  # tell of the beginning
    mark: Mark = (unclosed and error.context_mark) or error.problem_mark
    # The parser's own sentences are fixed and quote nothing.
    problem = error.problem or "the text ends too early"
    message = _PLAINLY.get(problem, f"This is not YAML: {problem}.")
    if mark is None or mark.index >= len(text):
        return _fault_at(text, len(text.rstrip()), message)
    return _fault(mark, message)
