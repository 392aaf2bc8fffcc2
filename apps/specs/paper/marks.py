"""What text alone does not say of a node: front matter above a file, and a comment below a heading.

---
key: REQ-12                              ## Scope
kind: requirement                        <!-- lattice {"labels":["pci"]} -->
status: active
links: {verifies: [TEST-4]}
---
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from apps.common.yaml.nodes import Fault, read_nodes
from apps.common.yaml.writing import in_flow
from apps.specs.choices import LinkKind, Status
from apps.specs.schemas import Attributes, Body, Key, Kind, Labels, Name, Title


class MarkFault(Exception):
    """What is wrong with a mark. The line counts from its first one."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def _spelled(value: Any) -> Any:
    """As JSON in a text, where YAML would not keep a number as it is."""
    return _json(value) if isinstance(value, str) else value


class Mark(BaseModel):
    """What is not said has its default, or stands in the text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID | None = None
    key: Key | None = None
    kind: Kind | None = None
    title: Title | None = None
    status: Status = Status.ACTIVE
    owner: UUID | None = None
    labels: Labels = []
    attributes: Annotated[Attributes, BeforeValidator(_spelled)] = {}
    links: dict[LinkKind, list[Name]] = {}
    under: Key | None = None
    """The node that it is a part of, where the levels of headings do not say it."""
    heading: bool = True
    """False: a document without a heading of its own."""
    headings: Annotated[int, Field(ge=0, le=100_000)] = 0
    """How many headings below are text of its body, and no nodes."""
    spacing: tuple[str, str] | None = None
    """Blank lines that the body begins and ends with."""
    body: Body | None = None
    """Where it cannot stand in the text, since it would not end where it ends."""


def comment(said: Mapping[str, Any]) -> str:
    text = json.dumps(dict(_in_order(said)), ensure_ascii=False, separators=(",", ":"))
    harmless = text.replace(">", "\\u003e")  # the only character that could end it early
    return f"<!-- lattice {harmless} -->"


def read_comment(text: str) -> Mark:
    return _checked(_json(text))


def front_matter(said: Mapping[str, Any]) -> str:
    lines = [f"{name}: {in_flow(_yaml(name, value))}\n" for name, value in _in_order(said)]
    return f"---\n{''.join(lines)}---\n\n"


def read_front(text: str) -> Mark:
    if all(line.strip()[:1] in ("", "#") for line in text.splitlines()):
        return Mark()
    try:
        return _checked(read_nodes(text)[0])
    except Fault as fault:
        raise MarkFault(fault.message, fault.line + 1) from None


def _in_order(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((name, said[name]) for name in Mark.model_fields if name in said)


def _yaml(name: str, value: Any) -> Any:
    if name != "attributes":
        return value
    try:
        same = _exactly(read_nodes(in_flow(value))[0]) == _exactly(value)
    except Fault:
        same = False
    return value if same else json.dumps(value)


def _exactly(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise MarkFault(f"This is not readable as JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in it twice.")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number in JSON.")


def _checked(found: Any) -> Mark:
    try:
        return Mark.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "All of it"
        raise MarkFault(f"{field}: {first['msg'].removeprefix('Value error, ')}.") from None
