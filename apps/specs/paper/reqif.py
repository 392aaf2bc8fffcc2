"""ReqIF, which tools of requirements engineering exchange, to nodes: specifications become
documents, what stands in them their parts, relations links.

Each node keeps its identifier in the attribute `reqif`, by which it is found again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree.ElementTree import Element

from apps.specs.choices import MUTUAL, LinkKind, NodeKind
from apps.specs.kinds import BUILT_IN
from apps.specs.paper.bounded_xml import root_in, roots_in_archive
from apps.specs.paper.differing import Present
from apps.specs.paper.foreign import attribute_name, line_of
from apps.specs.paper.headings import UNTITLED, Names
from apps.specs.paper.leaves import Leaf, Library, PaperFault
from apps.specs.paper.reading import Unreadable
from apps.specs.paper.xhtml import TooDeep, markdown_of, name_of
from apps.specs.schemas import MOST_CHARACTERS, is_key

IDENTIFIER = "reqif"
"""The attribute that holds it."""
_NAMES = ("ReqIF.Name", "ReqIF.ChapterName", "Title", "Name", "Object Heading")
_TEXTS = ("ReqIF.Text", "ReqIF.Description", "Text", "Description", "Object Text")
_OWN_KEYS = ("ReqIF.ForeignID", "ReqIF.ForeignId", "ID", "Identifier")
_CHAPTERS = ("ReqIF.ChapterName", "Object Heading")
_KINDS = (
    ("test", NodeKind.TEST),
    ("goal", NodeKind.GOAL),
    ("constraint", NodeKind.CONSTRAINT),
    ("interface", NodeKind.INTERFACE),
    ("decision", NodeKind.DECISION),
    ("task", NodeKind.TASK),
    ("heading", NodeKind.SECTION),
    ("chapter", NodeKind.SECTION),
    ("information", NodeKind.SECTION),
)
"""By a word in the name of its type; every other one is a requirement."""
_RELATIONS = (
    ("verif", LinkKind.VERIFIES),
    ("validat", LinkKind.VERIFIES),
    ("test", LinkKind.VERIFIES),
    ("satisf", LinkKind.IMPLEMENTS),
    ("implement", LinkKind.IMPLEMENTS),
    ("refine", LinkKind.REFINES),
    ("deriv", LinkKind.REFINES),
    ("depend", LinkKind.DEPENDS_ON),
    ("require", LinkKind.DEPENDS_ON),
    ("conflict", LinkKind.CONFLICTS_WITH),
    ("supersede", LinkKind.SUPERSEDES),
    ("replace", LinkKind.SUPERSEDES),
)
MOST_OBJECTS = 200_000
_NAMED = ("SPEC-OBJECT-TYPE", "SPEC-RELATION-TYPE", "ENUM-VALUE")


def read_reqif(content: bytes, name: str) -> list[Element]:
    """The document in a .reqif, or those in a .reqifz. Raises Unreadable."""
    if name.lower().endswith("z"):
        roots = roots_in_archive(content, name, ending=".reqif")
    else:
        roots = [(name, root_in(content, name))]
    for place, root in roots:
        if name_of(root) != "REQ-IF":
            raise Unreadable(PaperFault(place, "It is no ReqIF: the root is not REQ-IF."))
    return [root for _, root in roots]


def library_of_reqif(roots: list[Element], *, name: str, present: Present) -> Library:
    """Raises Unreadable."""
    reader = _Reader(name, present)
    for root in roots:
        reader.learn(root)
    reader.keys = Names([*present.keys, *reader.own_keys()], [])
    for root in roots:
        reader.place(root)
    return reader.library()


@dataclass
class _Object:
    id: str
    type: str
    values: dict[str, Any] = field(default_factory=dict)
    """By the long names of their definitions."""

    def said(self, names: tuple[str, ...]) -> str:
        found = (str(self.values.get(name) or "").strip() for name in names)
        return next((text for text in found if text), "")

    @property
    def title(self) -> str:
        named = line_of(self.said(_NAMES))
        return named or line_of(self.said(_TEXTS).split("\n")[0]) or UNTITLED

    @property
    def kind(self) -> str:
        word = self.type.casefold()
        if any(self.values.get(name) for name in _CHAPTERS) and not self.said(_TEXTS):
            return NodeKind.SECTION
        return next((kind for part, kind in _KINDS if part in word), NodeKind.REQUIREMENT)

    @property
    def attributes(self) -> dict[str, Any]:
        """By their names in ReqIF; an attribute may not be called so."""
        said = {self._first(names) for names in (_NAMES, _TEXTS)}
        return {
            name: value
            for name, value in self.values.items()
            if name not in said and value not in (None, "", [])
        }

    def _first(self, names: tuple[str, ...]) -> str:
        return next((name for name in names if self.values.get(name)), "")


class _Reader:
    def __init__(self, name: str, present: Present) -> None:
        self.name = name
        self.present = present
        self.known: dict[str, Leaf] = {}
        """What is there already of the specification that is read, by identifier."""
        self.taken = set(present.keys)
        self.keys = Names([], [])
        self.names: dict[str, str] = {}
        """Long names of types, definitions and values, by identifier."""
        self.objects: dict[str, _Object] = {}
        self.leaves: dict[str, Leaf] = {}
        self.notes: list[PaperFault] = []

    # --- what there is

    def learn(self, root: Element) -> None:
        for element in root.iter():
            name, id_ = name_of(element), element.get("IDENTIFIER")
            if id_ and (name in _NAMED or name.startswith("ATTRIBUTE-DEFINITION-")):
                self.names[id_] = element.get("LONG-NAME") or id_
        for element in _all(root, "SPEC-OBJECT"):
            id_ = element.get("IDENTIFIER", "")
            if id_ and len(self.objects) < MOST_OBJECTS:
                type_ = self.names.get(_reference(element, "TYPE"), "")
                self.objects[id_] = _Object(id_, type_, self._values(element, id_))

    def own_keys(self) -> Iterator[str]:
        return (found.said(_OWN_KEYS) for found in self.objects.values())

    def _values(self, element: Element, id_: str) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for value in _below(element, "VALUES"):
            definition = _reference(value, "DEFINITION")
            name = self.names.get(definition, definition)
            try:
                values[name] = self._value(value)
            except TooDeep:
                self._note(id_, f"{name} lies too deep in itself: it is left out.")
        return values

    def _value(self, value: Element) -> Any:
        said = value.get("THE-VALUE")
        match name_of(value).removeprefix("ATTRIBUTE-VALUE-"):
            case "XHTML":
                return "\n\n".join(markdown_of(each) for each in _below(value, "THE-VALUE"))
            case "ENUMERATION":
                ids = [str(each.text or "").strip() for each in _below(value, "VALUES")]
                return [self.names.get(id_, id_) for id_ in ids]
            case "BOOLEAN":
                return said == "true"
            case "INTEGER" if said and len(said) < 16 and said.lstrip("-").isdigit():
                return int(said)
        return said

    # --- where it stands

    def _known(self, id_: str, title: str) -> dict[str, Leaf]:
        """Short identifiers stand in more than one file: a document of another name is the same
        one only if most of what they both hold has the same title or text."""
        document = next((leaf for leaf in self.present.library.leaves if _id_of(leaf) == id_), None)
        if document is None or document.parent is not None:
            return {}
        inside = {document.key}
        known = {id_: document}
        for leaf in self.present.library.leaves:
            if leaf.parent in inside:
                inside.add(leaf.key)
                if _id_of(leaf):
                    known[_id_of(leaf)] = leaf
        both = [(leaf, self.objects[name]) for name, leaf in known.items() if name in self.objects]
        both = [(leaf, found) for leaf, found in both if leaf.body or leaf.title != UNTITLED]
        same = sum(
            leaf.title == found.title or bool(leaf.body and leaf.body == found.said(_TEXTS))
            for leaf, found in both
        )
        if document.title == title or 2 * same > len(both):
            return known
        self._note(id_, f"{document.key} has this identifier, but says something else: left alone.")
        return {}

    def place(self, root: Element) -> None:
        for specification in _all(root, "SPECIFICATION"):
            id_ = specification.get("IDENTIFIER", "")
            title = line_of(specification.get("LONG-NAME") or "") or UNTITLED
            self.known = self._known(id_, title)
            document = Leaf(
                key=self._key(id_, "", BUILT_IN[NodeKind.SPEC], title),
                kind=NodeKind.SPEC,
                title=title,
                body=specification.get("DESC") or "",
                attributes={IDENTIFIER: id_},
                place=f"{self.name}: {id_}",
            )
            self.leaves[id_] = document
            waiting = [(each, document) for each in reversed(_below(specification, "CHILDREN"))]
            while waiting:
                hierarchy, above = waiting.pop()
                leaf = self._part(hierarchy, above, document)
                below = reversed(_below(hierarchy, "CHILDREN"))
                waiting += ((each, leaf or above) for each in below)
        for relation in _all(root, "SPEC-RELATION"):
            self._relate(relation)

    def _part(self, hierarchy: Element, above: Leaf, document: Leaf) -> Leaf | None:
        id_ = _reference(hierarchy, "OBJECT")
        found = self.objects.get(id_)
        if found is None:
            self._note(id_ or above.key, "It stands in a specification, but is defined nowhere.")
            return None
        if id_ in self.leaves:
            self._note(id_, "It stands at several places: the first one counts.")
            return None
        body = found.said(_TEXTS)
        if line_of(found.said(_NAMES)) != " ".join(found.said(_NAMES).split()):
            self._note(id_, "Its name is longer than a title: it is cut.")
        if len(body) > MOST_CHARACTERS:
            self._note(id_, f"Its text has more than {MOST_CHARACTERS:,} characters: it is cut.")
        leaf = Leaf(
            key=self._key(id_, found.said(_OWN_KEYS), document.key, found.title),
            kind=found.kind,
            title=found.title,
            body=body[:MOST_CHARACTERS],
            attributes=self._attributes(found),
            parent=above.key,
            place=f"{self.name}: {id_}",
        )
        self.leaves[id_] = leaf
        return leaf

    def _attributes(self, found: _Object) -> dict[str, Any]:
        kept: dict[str, Any] = {IDENTIFIER: found.id}
        for name, value in found.attributes.items():
            called = attribute_name(name.removeprefix("ReqIF."))
            if not called.strip("_") or called in kept:
                self._note(found.id, f"`{name}` can be no attribute: it is left out.")
            else:
                kept[called] = value
        return kept

    def _key(self, id_: str, own: str, above: str, title: str) -> str:
        """The one it has, its own if nobody ever had that, or one made of its title."""
        if known := self.known.get(id_):
            return known.key
        if is_key(own) and own.casefold() not in self.taken:
            self.taken.add(own.casefold())
            return own
        return self.keys.key(above, "", title)

    def _relate(self, relation: Element) -> None:
        source = self.leaves.get(_reference(relation, "SOURCE"))
        target = self.leaves.get(_reference(relation, "TARGET"))
        if source is None or target is None or source is target:
            self._note(relation.get("IDENTIFIER", ""), "It leads from or to nothing: left out.")
            return
        word = self.names.get(_reference(relation, "TYPE"), "").casefold()
        if word.endswith("by"):  # "verified by" leads from what is verified
            source, target = target, source
        kind = next((kind for part, kind in _RELATIONS if part in word), LinkKind.RELATES_TO)
        if kind in MUTUAL and (kind, source.key) in target.links:
            return
        id_ = str(source.attributes[IDENTIFIER])
        links = tuple(sorted({*source.links, (str(kind), target.key)}))
        self.leaves[id_] = replace(source, links=links)

    def _note(self, id_: str, message: str) -> None:
        self.notes.append(PaperFault(f"{self.name}: {id_}", message))

    def library(self) -> Library:
        strays = sum(id_ not in self.leaves for id_ in self.objects)
        if strays:
            self._note("SPEC-OBJECTS", f"{strays} stand in no specification: they are left out.")
        return Library(leaves=tuple(self.leaves.values()), notes=tuple(self.notes))


def _id_of(leaf: Leaf) -> str:
    return str(leaf.attributes.get(IDENTIFIER, ""))


def _all(root: Element, name: str) -> Iterator[Element]:
    return (element for element in root.iter() if name_of(element) == name)


def _below(element: Element, name: str) -> list[Element]:
    """What stands in its part of that name."""
    return [each for part in element if name_of(part) == name for each in part]


def _reference(element: Element, name: str) -> str:
    """The identifier it names there."""
    return next((str(each.text or "").strip() for each in _below(element, name)), "")
