"""Operations as they are sent. What they mean to the graph is resolved in changes/resolving.py."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import ErrorDetails

from apps.common.bodies import Described
from apps.specs.choices import LinkKind, Op, Status
from apps.specs.errors import OperationsInvalid

MOST_OPERATIONS = 500
LONGEST_RATIONALE = 20_000
MOST_CHARACTERS = 1_000_000
"""Of a body."""
MOST_EDITED, MOST_EDITED_LINES = 5_000_000, 1_000_000
"""Characters and lines of bodies that the edits of one proposal go through: a body as often as it
is edited, so that many small ones of a long body are not minutes of work."""
MOST_TOUCHED = 20_000_000
"""Bytes of the bodies of all nodes that one proposal changes."""
MOST_LINKS = 5_000
"""That nodes bring along which one proposal creates."""
MOST_LINKS_AROUND = 50_000
"""That lead from or to what one proposal changes."""
TOO_MUCH = "too_much"
LARGEST = 2**53 - 1
"""Whole numbers beyond it are not the same in every reader of JSON."""
DEEPEST = 20

_KEY = re.compile(r"(?=.*[0-9.-])[A-Za-z][A-Za-z0-9_.-]{0,79}")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_UNKEPT = re.compile(r"[\x00\ud800-\udfff]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_key(text: str) -> bool:
    """A digit, `-` or `.` in it tells it from words of an address, and it is no id."""
    return bool(_KEY.fullmatch(text)) and not _UUID.fullmatch(text.casefold())


def _key(text: str) -> str:
    if not is_key(text):
        raise ValueError(
            "A key begins with a letter, has at most 80 letters, digits, `_`, `.` and `-`, and "
            "among them a digit, `.` or `-`."
        )
    return text


def _kept(text: str) -> str:
    if _UNKEPT.search(text):
        raise ValueError("Neither a NUL character nor half of one beyond 65,535 can be kept.")
    return text


def _line(text: str) -> str:
    if not text.strip() or _BREAKS.search(text):
        raise ValueError("This is one line with something on it.")
    return text


def _plain(value: JsonValue, depth: int = 0) -> JsonValue:
    """As it is read again from the database: a whole number has no point."""
    match value:
        case str():
            return _kept(value)
        case bool() | None:
            return value
        case float() if not value.is_integer():
            if value != value or value in (float("inf"), float("-inf")):
                raise ValueError("This is not a number in JSON.")
            return value
        case int() | float():
            if abs(value) > LARGEST:
                raise ValueError(f"A whole number is at most {LARGEST}: write it as text.")
            return int(value)
    if depth == DEEPEST:
        raise ValueError(f"Values lie at most {DEEPEST} levels deep in each other.")
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    return {_kept(name): _plain(each, depth + 1) for name, each in value.items()}


def _distinct(labels: list[str]) -> list[str]:
    return sorted(set(labels))


Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
"""A key that the node has or had, in letters of any case, or its id."""
Key = Annotated[str, AfterValidator(_key)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[str, StringConstraints(max_length=200), AfterValidator(_line)]
Heading = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_kept)]
Body = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS), AfterValidator(_kept)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$")]
Value = Annotated[JsonValue, AfterValidator(_plain)]
Attributes = Annotated[dict[Attribute, Value], Field(max_length=200)]
Label = Annotated[str, StringConstraints(max_length=60), AfterValidator(_line)]
Labels = Annotated[list[Label], Field(max_length=100), AfterValidator(_distinct)]
NodeStatus = Annotated[Status, WithJsonSchema({"type": "string", "enum": Status.values})]
"""Told in place: the API has another `Status`."""
Base = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Incoming(Described):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LinkIn(Incoming):
    kind: LinkKind
    target: Name


class CreateIn(Incoming):
    op: Literal[Op.CREATE]
    kind: Kind
    title: Title
    key: Key | None = None
    """None: the next one of its kind, or for a section one made of its document's and its title."""
    heading: Heading = ""
    """The line it stands under in a file, where that is not the plain one."""
    body: Body = ""
    attributes: Attributes = {}
    labels: Labels = []
    owner: UUID | None = None
    status: NodeStatus = Status.ACTIVE
    parent: Name | None = None
    after: Name | None = None
    """The part of its parent that it stands behind. null: it is the first. Without: the last."""
    links: list[LinkIn] = Field([], max_length=200)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class Fields(Incoming):
    """What an update may change. What is not named stays."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    title: Title = ""
    kind: Kind = ""
    status: NodeStatus = Status.ACTIVE
    owner: UUID | None = None
    labels: Labels = []
    attributes: Attributes = {}
    """All of them: those that are not named here are taken away."""
    heading: Heading = ""

    @model_validator(mode="after")
    def _something(self) -> "Fields":
        if not self.model_fields_set:
            raise ValueError(f"Name what changes: {', '.join(type(self).model_fields)}.")
        return self


class Targeted(Incoming):
    target: Name
    base: Base | None = None
    """The version of the node that was looked at. None: the present one."""


class UpdateIn(Targeted):
    op: Literal[Op.UPDATE]
    changes: Fields


class SetIn(Targeted):
    op: Literal[Op.SET]
    attribute: Attribute
    value: Value
    """null takes it away."""


class EditIn(Targeted):
    op: Literal[Op.EDIT]
    patch: Annotated[str, StringConstraints(max_length=3 * MOST_CHARACTERS)] | None = None
    """A unified diff of the body."""
    old: Body | None = None
    """What stands in the body exactly once, and becomes `new`."""
    new: Body | None = None
    body: Body | None = None
    """The whole of it."""

    @model_validator(mode="after")
    def _said_once(self) -> "EditIn":
        given = {
            name for name in ("patch", "old", "new", "body") if getattr(self, name) is not None
        }
        if given not in ({"patch"}, {"old", "new"}, {"body"}):
            raise ValueError("Give either `patch`, or `old` and `new`, or the whole `body`.")
        if self.old == "":
            raise ValueError("Say in `old` what is to be replaced, or give the whole `body`.")
        return self


class RenameIn(Targeted):
    op: Literal[Op.RENAME]
    key: Key


class MoveIn(Targeted):
    op: Literal[Op.MOVE]
    parent: Name | None = None
    """null: it is part of nothing any more. Without: it stays where it is."""
    after: Name | None = None
    """As of a creation."""

    @model_validator(mode="after")
    def _somewhere(self) -> "MoveIn":
        if not self.model_fields_set & {"parent", "after"}:
            raise ValueError("Say where it goes: `parent`, `after` or both.")
        return self


class DeleteIn(Targeted):
    op: Literal[Op.DELETE]


class RestoreIn(Targeted):
    op: Literal[Op.RESTORE]


class Linking(Incoming):
    target: Name
    kind: LinkKind
    to: Name


class LinkToIn(Linking):
    op: Literal[Op.LINK]


class UnlinkIn(Linking):
    op: Literal[Op.UNLINK]


OperationIn = Annotated[
    CreateIn
    | UpdateIn
    | SetIn
    | EditIn
    | RenameIn
    | MoveIn
    | DeleteIn
    | RestoreIn
    | LinkToIn
    | UnlinkIn,
    Field(discriminator="op"),
]
_OPERATION: TypeAdapter[OperationIn] = TypeAdapter(OperationIn)


def read_operations(
    sent: Sequence[Any], *, most: int | None = MOST_OPERATIONS
) -> tuple[OperationIn, ...]:
    """Raises OperationsInvalid, with every fault there is. `most`: None for what we made ourselves,
    as the inverse of a proposal."""
    if not sent:
        raise refused("A proposal does something: give at least one operation.")
    if most is not None and len(sent) > most:
        raise refused(f"A proposal has at most {most} operations. Split it.")
    read, faults = list[OperationIn](), list[dict[str, Any]]()
    for number, each in enumerate(sent):
        try:
            read.append(_OPERATION.validate_python(each, strict=False))
        except ValidationError as error:
            faults += (_fault(number, each) for each in error.errors(include_url=False))
    if faults:
        raise OperationsInvalid(details=faults)
    if most is not None and sum(map(_links, read)) > MOST_LINKS:
        raise refused(
            f"A proposal creates nodes with at most {MOST_LINKS:,} links. Split it.", TOO_MUCH
        )
    return tuple(read)


def fitting(sent: Sequence[Mapping[str, Any]]) -> int:
    """So many of the first of them fit into one proposal."""
    links = edited = lines = 0
    for number, each in enumerate(sent[:MOST_OPERATIONS]):
        links += len(each.get("links", ()))
        if each["op"] == Op.EDIT:
            edited += len(each["body"])
            lines += each["body"].count("\n")
        if number and (links > MOST_LINKS or edited > MOST_EDITED or lines > MOST_EDITED_LINES):
            return number
    return min(len(sent), MOST_OPERATIONS)


def _links(operation: OperationIn) -> int:
    return len(operation.links) if isinstance(operation, CreateIn) else 0


def names_in(operations: Sequence[OperationIn]) -> set[str]:
    """What has to be looked up before they can be resolved: of what they name, and of keys they
    give, whether anybody has them."""
    return {name.casefold() for operation in operations for name in _names(operation)}


def names_changed(operations: Sequence[OperationIn]) -> set[str]:
    """Of these, those of what is changed in more than its links."""
    return {each.target.casefold() for each in operations if isinstance(each, Targeted)}


def _names(operation: OperationIn) -> Iterator[str]:
    for field in ("target", "to", "parent", "after", "key"):
        if name := getattr(operation, field, None):
            yield name
    for link in getattr(operation, "links", ()):
        yield link.target


def refused(message: str, code: str = "invalid") -> OperationsInvalid:
    """All operations together, and none by itself."""
    return OperationsInvalid(
        details=[{"operation": None, "field": "operations", "code": code, "message": message}]
    )


_SAID = {
    "union_tag_not_found": f"Say in `op` what is done: {', '.join(Op)}.",
    "union_tag_invalid": f"`op` is one of {', '.join(Op)}.",
    "extra_forbidden": "This operation has no such field.",
    "missing": "This field is missing.",
    "model_attributes_type": "An operation is an object.",
}


def _fault(operation: int, error: ErrorDetails) -> dict[str, Any]:
    place = [str(step) for step in error["loc"][1:]] or ["op"]
    return {
        "operation": operation,
        "field": ".".join(place),
        "code": error["type"],
        "message": _SAID.get(error["type"], error["msg"].removeprefix("Value error, ")),
    }
