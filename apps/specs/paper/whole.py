"""A library as one JSON, and back.

{"format": "lattice-specs/1", "kinds": {"risk": {"prefix": "RISK", "schema": {...}}},
 "nodes": [{"key": "REQ-12", "kind": "requirement", "title": ..., "parent": "SPEC-1", ...}]}
"""

import json
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from apps.specs.choices import LinkKind, Status
from apps.specs.kinds import Kind
from apps.specs.paper.leaves import (
    Leaf,
    Library,
    PaperFault,
    links_by_kind,
    links_in,
    without_nothing,
)
from apps.specs.paper.reading import Unreadable
from apps.specs.schemas import Attributes, Body, Heading, Key, Labels, Name, Title
from apps.specs.schemas import Kind as KindName

FORMAT = "lattice-specs/1"
MOST_TOLD = 50
Read = TypeVar("Read", bound=BaseModel)


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KindIn(_Exact):
    prefix: str = Field(max_length=12)
    demands: dict[str, Any] = Field({}, alias="schema")


class KindsIn(RootModel[dict[KindName, KindIn]]):
    pass


class NodeIn(_Exact):
    id: UUID | None = None
    key: Key
    kind: KindName
    title: Title
    heading: Heading = ""
    body: Body = ""
    attributes: Attributes = {}
    labels: Labels = []
    owner: UUID | None = None
    status: Status = Status.ACTIVE
    parent: Name | None = None
    links: dict[LinkKind, list[Name]] = {}


class LibraryIn(_Exact):
    format: Literal["lattice-specs/1"]
    kinds: KindsIn = KindsIn({})
    nodes: Annotated[list[NodeIn], Field(max_length=200_000)]


def whole_of(library: Library) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "kinds": {
            name: {"prefix": kind.prefix, "schema": kind.schema}
            for name, kind in sorted(library.kinds.items())
        },
        "nodes": [_shown(leaf) for leaf in library.leaves],
    }


def json_of(library: Library) -> str:
    return json.dumps(whole_of(library), ensure_ascii=False, indent=1) + "\n"


def library_from(text: str, place: str) -> Library:
    """Raises Unreadable."""
    found = _read(LibraryIn, text, place)
    leaves = tuple(_leaf(node, f"{place}: nodes.{at}") for at, node in enumerate(found.nodes))
    return Library(kinds=_kinds(found.kinds), leaves=leaves)


def read_kinds(text: str, place: str) -> dict[str, Kind]:
    return _kinds(_read(KindsIn, text, place))


def _kinds(found: KindsIn) -> dict[str, Kind]:
    return {
        name: Kind(prefix=kind.prefix, schema=kind.demands) for name, kind in found.root.items()
    }


def _leaf(node: NodeIn, place: str) -> Leaf:
    return Leaf(
        id=str(node.id or ""),
        key=node.key,
        kind=node.kind,
        title=node.title,
        heading=node.heading,
        body=node.body,
        attributes=without_nothing(node.attributes),
        labels=tuple(node.labels),
        owner=str(node.owner) if node.owner else None,
        status=node.status,
        parent=node.parent,
        links=links_in(node.links),
        place=place,
    )


def _shown(leaf: Leaf) -> dict[str, Any]:
    return {
        "id": leaf.id or None,
        "key": leaf.key,
        "kind": leaf.kind,
        "title": leaf.title,
        "heading": leaf.heading,
        "body": leaf.body,
        "attributes": leaf.attributes,
        "labels": list(leaf.labels),
        "owner": leaf.owner,
        "status": leaf.status,
        "parent": leaf.parent,
        "links": links_by_kind(leaf),
    }


def _read(kind: type[Read], text: str, place: str) -> Read:
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:MOST_TOLD]
        raise Unreadable(
            *(
                PaperFault(
                    f"{place}: {'.'.join(map(str, fault['loc']))}".removesuffix(": "),
                    fault["msg"].removeprefix("Value error, "),
                )
                for fault in found
            )
        ) from None
