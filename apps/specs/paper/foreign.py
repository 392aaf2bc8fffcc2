"""Front matter that other tools wrote (EIPs, Hugo, Obsidian, MkDocs, whoever): understood as far as
it goes. What is not said exactly by a field of ours stays as an attribute; nothing in it is fatal.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

import yaml
from pydantic import ValidationError

from apps.common.yaml.nodes import BYTES_LIMIT, DEPTH_LIMIT, NODES_LIMIT, Fault, read_nodes
from apps.specs.choices import LinkKind, NodeKind, Status
from apps.specs.paper.leaves import Reference
from apps.specs.paper.marks import Mark
from apps.specs.schemas import DEEPEST, LARGEST, is_key

TOML = "+++"
MOST_VALUES = 10_000
MOST_ATTRIBUTES, MOST_LABELS = 200, 100
LONGEST_TITLE, LONGEST_LABEL = 200, 60

_TITLES = ("title", "name")
_KEYS = ("id", "key", "uid", "identifier")
_KINDS = ("kind", "type")
_LABELS = ("labels", "tags", "keywords", "categories", "topics")
_STATUSES = {
    Status.DRAFT: "draft wip idea proposed proposal review in_review last_call pending open",
    Status.ACTIVE: "active accepted approved final living published stable done implemented",
    Status.RETIRED: (
        "retired deprecated obsolete obsoleted superseded replaced withdrawn rejected stagnant "
        "abandoned archived removed deferred"
    ),
}
_STATUS = {word: status for status, words in _STATUSES.items() for word in words.split()}
_LINKS: dict[str, LinkKind] = {
    **dict.fromkeys(["refines", "derives_from", "parent"], LinkKind.REFINES),
    **dict.fromkeys(
        ["depends_on", "depends", "requires", "dependencies", "needs"], LinkKind.DEPENDS_ON
    ),
    **dict.fromkeys(["implements", "satisfies"], LinkKind.IMPLEMENTS),
    **dict.fromkeys(["verifies", "validates"], LinkKind.VERIFIES),
    **dict.fromkeys(["conflicts_with", "conflicts"], LinkKind.CONFLICTS_WITH),
    **dict.fromkeys(["supersedes", "replaces", "obsoletes"], LinkKind.SUPERSEDES),
    **dict.fromkeys(
        ["relates_to", "related", "related_to", "see_also", "updates"], LinkKind.RELATES_TO
    ),
}
_OURS = re.compile(
    r"^(?:(?:key|links|attributes|under|spacing|headings) *:"
    r"|id *: *[\"']?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-)",
    re.MULTILINE,
)
_NAMED = re.compile(r"([^\s:#\-\[{][^:]{0,79}?)\s*:(?:\s+(.*))?")
_DOTTED = re.compile(
    r"""(?:^|[\[{,])[ \t]*+(?:(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+)"""
    f"{{{DEEPEST}}}",
    re.MULTILINE,
)
"""A name of so many parts, each of which is in the next one: none of it would be kept. What it
takes to read it grows with the square of their number."""
_UNFIT = re.compile(r"[^A-Za-z0-9_.-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_UNKEPT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Foreign:
    mark: Mark
    refers: tuple[Reference, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be taken over as it stands."""
    is_foreign: bool = False


def attribute_name(name: str) -> str:
    """What an attribute can be called that is called so elsewhere. Empty: nothing."""
    plain = unicodedata.normalize("NFKD", name.strip())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _UNFIT.sub("_", bare).lstrip(".-")[:80]


def line_of(text: str) -> str:
    """As a title."""
    return " ".join(_CONTROL.sub(" ", text).split())[:LONGEST_TITLE].rstrip()


def is_ours(front: str) -> bool:
    """Whoever writes one of these names means this form, and wants to be told what is wrong."""
    return bool(_OURS.search(front))


def understood(front: str, *, fence: str) -> Foreign | None:
    """None: it is no front matter at all, but text between two lines."""
    notes: list[str] = []
    reading = _Reading(notes)
    values = _values(front, fence, notes)
    if values is None:
        return None
    for name, value in values.items():
        reading.hear(str(name), value)
    try:
        return reading.foreign()
    except ValidationError as error:
        fields = {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]}
        said = f"{', '.join(sorted(fields))}: this cannot be kept, so all of it is left out."
        return Foreign(Mark(), notes=(*notes, said), is_foreign=True)


class _Reading:
    def __init__(self, notes: list[str]) -> None:
        self.notes = notes
        self.fields: dict[str, Any] = {}
        self.labels: list[str] = []
        self.attributes: dict[str, Any] = {}
        self.refers: list[Reference] = []

    def hear(self, name: str, value: Any) -> None:
        word = _UNFIT.sub("_", name.strip()).replace("-", "_").strip("_").casefold()
        if value is None or not self._is_said(word, value):
            self._keep(name, value)

    def _is_said(self, word: str, value: Any) -> bool:
        """Whether a field of ours says it, all of it."""
        text = " ".join(str(value).split()) if isinstance(value, str | int | float) else ""
        if word in _TITLES:
            return self._settle("title", line_of(text)) and self.fields["title"] == value
        if word in _KEYS:
            return self._is_key(text)
        if word in _KINDS:
            kind = text.casefold()
            is_kind = kind in NodeKind.values and kind != NodeKind.SECTION
            return is_kind and self._settle("kind", kind)
        if word == "status":
            status = _STATUS.get(_UNFIT.sub("_", text).replace("-", "_").casefold())
            return self._settle("status", status) and status == value
        if word == "owner":
            return _is_id(text) and self._settle("owner", text)
        if word in _LABELS:
            return self._is_labelled(value)
        if word in _LINKS:
            self.refers += (Reference(_LINKS[word], said) for said in _listed(value))
        return False

    def _settle(self, name: str, value: Any) -> bool:
        """The first that says it counts."""
        if not value or name in self.fields:
            return False
        self.fields[name] = value
        return True

    def _is_key(self, text: str) -> bool:
        if _is_id(text):
            return self._settle("id", text)
        if is_key(text):
            self._settle("key", text)
        return False  # whoever reads it may have given that key to something else

    def _is_labelled(self, value: Any) -> bool:
        said = [" ".join(_CONTROL.sub(" ", label).split()) for label in _listed(value)]
        fit = [label for label in said if 0 < len(label) <= LONGEST_LABEL]
        room = MOST_LABELS - len(self.labels)
        self.labels += fit[:room]
        return bool(said) and len(fit) == len(said) <= room and not isinstance(value, Mapping)

    def _keep(self, name: str, value: Any) -> None:
        kept = attribute_name(name)
        if not kept or kept in self.attributes or len(self.attributes) == MOST_ATTRIBUTES:
            why = "stands already" if kept in self.attributes else "cannot be one"
            self.notes.append(f"`{name[:80]}` is not kept as an attribute: {kept or name} {why}.")
            return
        if kept != name:
            self.notes.append(f"`{name[:80]}` is kept as the attribute `{kept}`.")
        if value is not None:
            self.attributes[kept] = value

    def foreign(self) -> Foreign:
        said = {**self.fields, "labels": self.labels, "attributes": self.attributes}
        refers = tuple(dict.fromkeys(self.refers))
        return Foreign(Mark.model_validate(said), refers, tuple(self.notes), is_foreign=True)


def _listed(value: Any) -> Iterator[str]:
    """Of a list, or of what stands between commas."""
    match value:
        case str():
            found = value.strip().removeprefix("[").removesuffix("]")
            yield from (said for part in found.split(",") if (said := part.strip(" \t\r\n\"'")))
        case bool() | float():
            return
        case int():
            yield str(value)
        case list():
            for each in value:
                if isinstance(each, str):
                    yield each.strip()
                elif isinstance(each, int) and not isinstance(each, bool):
                    yield str(each)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.casefold()
    except ValueError:
        return False


# --- what stands between the fences


def _values(front: str, fence: str, notes: list[str]) -> Mapping[str, Any] | None:
    if len(front) > BYTES_LIMIT:
        notes.append(f"It is longer than {BYTES_LIMIT // 1024} KiB, and was not read.")
        return {}
    found = _toml(front) if fence == TOML else _yaml(front)
    if not isinstance(found, Mapping):
        found = _lines(front)
        form = "TOML" if fence == TOML else "YAML"
        notes.append(f"It is no {form} with names: read line by line, as `name: value`.")
    if not found:
        return None
    budget = [MOST_VALUES]
    values: dict[str, Any] = {}
    for name, value in found.items():
        try:
            values[str(name)] = _plain(value, budget, 0)
        except ValueError as error:
            notes.append(f"`{str(name)[:80]}` {error}")
    return values


def _toml(front: str) -> Any:
    if _DOTTED.search(front):
        return None
    try:
        return tomllib.loads(front.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return None


def _yaml(front: str) -> Any:
    try:
        return read_nodes(front)[0]
    except Fault:
        pass
    # What is strict about it does not matter here: anchors, tags, a name twice. All become texts.
    try:
        if _is_small(front):
            return yaml.load(front, Loader=yaml.CBaseLoader)  # noqa: S506  # nosec
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        pass
    return None


def _is_small(front: str) -> bool:
    """What follows goes into its values with the stack of C, and by all of them."""
    values = depth = 0
    for event in yaml.parse(front, Loader=yaml.CBaseLoader):
        values += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if values > NODES_LIMIT or depth > DEPTH_LIMIT:
            return False
    return True


def _lines(front: str) -> dict[str, str]:
    """`name: value`; a line that is indented goes on with the one before it. Nothing, where a line
    is neither: then it is text that somebody wrote."""
    found: dict[str, str] = {}
    name = ""
    for line in front.splitlines():
        named = _NAMED.fullmatch(line.rstrip())
        if named and named[1].strip() not in found:
            name = named[1].strip()
            found[name] = (named[2] or "").strip().strip("\"'")
        elif name and line[:1] in (" ", "\t", "-") and line.strip():
            found[name] = f"{found[name]}, {line.strip(' -')}".strip(", ")
        elif line.strip() and not line.startswith("#"):
            return {}
    return found


def _plain(value: Any, budget: list[int], depth: int) -> Any:
    """As JSON has it. Raises ValueError."""
    budget[0] -= 1
    if budget[0] < 0 or depth == DEEPEST:
        raise ValueError("holds too many values, or too deep in each other: it is not kept.")
    match value:
        case None | bool():
            return value
        case str():
            return _UNKEPT.sub("\ufffd", value)
        case int():
            return value if abs(value) <= LARGEST else str(value)
        case float():
            return value if abs(value) < float("inf") else str(value)
        case date() | time():
            return value.isoformat()
        case list():
            return [_plain(each, budget, depth + 1) for each in value]
        case Mapping():
            inside = {
                _UNKEPT.sub("\ufffd", str(name)): _plain(each, budget, depth + 1)
                for name, each in value.items()
            }
            if len(inside) < len(value):
                raise ValueError("has names that become one: it is not kept.")
            return inside
    return str(value)
