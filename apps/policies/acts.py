"""Acts as they come from outside, and the digest of everything a verdict depends on."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from json import dumps
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import ConfigDict, Field, StringConstraints, model_validator

from apps.common.bodies import Described
from apps.policies.choices import ActKind, Verb
from apps.policies.ports import Act, Circumstances, Operation, Performer

Text = Annotated[str, StringConstraints(max_length=1_000_000)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\[\]-]{0,199}$")]
Line = Annotated[str, StringConstraints(max_length=500)]
MOST_CHARACTERS = 2_000_000
MOST_PATHS = 10_000
DIFF = "diff"
"""The name of the text that a unified diff goes by."""
UNREADABLE = ""
"""A path that nobody may touch: a diff names one, and how cannot be told."""

_HEADER = re.compile(
    r"^(?:(?P<sign>---|\+\+\+) (?P<side>[^\t\n]+)"
    r"|(?P<gone>deleted file mode)[^\n]*"
    r"|(?:rename|copy) (?:from|to) (?P<moved>[^\n]+)"
    r"|diff --git (?P<both>[^\n]+))",
    re.MULTILINE,
)
_WRITING = frozenset({Verb.CREATE, Verb.UPDATE, Verb.EDIT, Verb.MOVE, Verb.RENAME, Verb.DELETE})
_HUNK = re.compile(r"^@@ -[0-9]+(?:,([0-9]{1,9}))? \+[0-9]+(?:,([0-9]{1,9}))? @@")


class Incoming(Described):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OperationIn(Incoming):
    verb: Verb
    target: Line = ""
    """A spec's key, or the name of a tool or plugin."""
    node_kind: Line = ""
    paths: list[Annotated[str, StringConstraints(max_length=5000)]] = Field([], max_length=100)
    """From the root of the workspace. A move or rename has two: from and to."""
    labels: list[Line] = Field([], max_length=100)


class ActIn(Incoming):
    """What somebody would do."""

    kind: ActKind
    operations: list[OperationIn] = Field([], max_length=1000)
    texts: dict[FieldName, Text] = Field({}, max_length=200)
    """Every text that comes with it, by the name of its field."""
    diff: Text | None = None
    """A unified diff. Paths that it touches count whether or not an operation names them."""
    diff_lines: int = Field(0, ge=0, le=1_000_000_000)
    """Lines added and removed, where no diff comes with it."""
    impact: int = Field(0, ge=0, le=1_000_000_000)
    """How many other things depend on what it touches."""

    @model_validator(mode="after")
    def _fits(self) -> "ActIn":
        if self.diff is not None and DIFF in self.texts:
            raise ValueError("Give the diff once: as `diff` or among `texts`.")
        if sum(map(len, self.texts.values())) + len(self.diff or "") > MOST_CHARACTERS:
            raise ValueError(f"All texts together have at most {MOST_CHARACTERS:,} characters.")
        if sum(len(operation.paths) for operation in self.operations) > MOST_PATHS:
            raise ValueError(f"All operations together have at most {MOST_PATHS:,} paths.")
        headers = _HEADER.finditer(self.diff or self.texts.get(DIFF, ""))
        if len(list(islice(headers, MOST_PATHS + 1))) > MOST_PATHS:
            raise ValueError(f"A diff has at most {MOST_PATHS:,} headers. Split it.")
        return self

    def to_act(self) -> Act:
        operations = [
            Operation(
                verb=operation.verb,
                target=operation.target,
                node_kind=operation.node_kind,
                paths=tuple(operation.paths),
                labels=frozenset(operation.labels),
            )
            for operation in self.operations
        ]
        texts, lines = dict(self.texts), self.diff_lines
        if self.diff is not None:
            texts[DIFF] = self.diff
        if DIFF in texts:
            operations += _unnamed(operations, changes_in_diff(texts[DIFF]))
            lines = max(lines, lines_in_diff(texts[DIFF]))
        return Act(
            kind=self.kind,
            operations=tuple(operations),
            texts=texts,
            diff_lines=lines,
            impact=self.impact,
        )


def _unnamed(
    operations: Sequence[Operation], changes: Iterable[tuple[Verb, str]]
) -> Iterator[Operation]:
    """What a diff does and no operation says."""
    said = {(operation.verb, path) for operation in operations for path in operation.paths}
    said |= {(Verb.EDIT, path) for verb, path in said if verb in _WRITING}
    return (
        Operation(verb=verb, paths=(path,)) for verb, path in changes if (verb, path) not in said
    )


def changes_in_diff(diff: str) -> tuple[tuple[Verb, str], ...]:
    """What its headers say is done to which path. A removed line that looks like a header counts
    as one, and a path that can be read in two ways as both: better one too many than too few."""
    found: dict[tuple[Verb, str], None] = {}
    last: tuple[str, ...] = ()
    for header in _HEADER.finditer(diff):
        if moved := header["moved"]:
            found[Verb.RENAME, moved.strip()] = None
        elif header["gone"]:
            found |= {(Verb.DELETE, path): None for path in last}
        elif (side := header["side"]) and side.strip() == "/dev/null":
            if header["sign"] == "+++":
                found |= {(Verb.DELETE, path): None for path in last}
        elif side:
            last = _readings(side.strip())
            found |= {(Verb.EDIT, path): None for path in last}
        else:
            before, last = _both(header["both"].strip())
            found |= {(Verb.EDIT, path): None for path in (*before, *last)}
    return tuple(found)


def _readings(side: str) -> tuple[str, ...]:
    """Without the prefix that Git writes. Where there is another or none, whoever applies the diff
    may take away the first part all the same."""
    first, _, rest = side.partition("/")
    if first in ("a", "b") and rest:
        return (rest,)
    return (side, rest) if rest and first else (side,)


def _both(names: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if names.startswith("a/") and " b/" in names:
        old, _, new = names[2:].partition(" b/")
        return (old,), (new,)
    middle = len(names) // 2
    one, other = _readings(names[:middle]), _readings(names[middle + 1 :])
    if names[middle : middle + 1] == " " and one[-1] == other[-1]:
        return one, other
    return (), (UNREADABLE,)


def lines_in_diff(diff: str) -> int:
    """Lines added and removed, and those of binary patches. Only what stands outside of a hunk can
    be a header."""
    counted = before = after = 0
    binary = False
    for line in diff.split("\n"):
        kind = line[:1]
        if before > 0 or after > 0:
            counted += kind in ("+", "-")
            before -= kind != "+" and kind != "\\"
            after -= kind != "-" and kind != "\\"
        elif hunk := _HUNK.match(line):
            before, after = (int(count or 1) for count in hunk.groups())
        elif line.startswith(("diff ", "GIT binary patch")):
            binary = line.startswith("GIT")
        elif binary:
            counted += bool(line.strip())
        else:
            counted += kind in ("+", "-") and not line.startswith(("+++ ", "--- "))
    return counted


def canonical_input(act: Act, performer: Performer, circumstances: Circumstances) -> bytes:
    """The same bytes for the same question, whatever order it was put in. Rego is asked this."""
    return _canonical({"act": act, "performer": performer, "circumstances": circumstances})


def digest_of_act(act: Act) -> str:
    return digest_of(_canonical(act))


def digest_of(text: bytes) -> str:
    return sha256(text).hexdigest()


def _canonical(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=_plain, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # half a character of UTF-16: JSON can spell it, UTF-8 cannot hold it
        return dumps(value, default=_plain, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    match value:
        case frozenset() | set():
            return sorted(value)
        case Mapping():
            return dict(value)
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    raise TypeError(f"A {type(value).__name__} has no place in an act.")
