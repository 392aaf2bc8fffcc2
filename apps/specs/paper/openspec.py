"""An OpenSpec folder: specs by capability become documents with requirements, and each change that
is not archived becomes what it asks for, in operations.

    openspec/specs/<capability>/spec.md
    openspec/changes/<change>/{proposal,tasks}.md, specs/<capability>/spec.md
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any

from apps.specs.changes.naming import slug_of
from apps.specs.choices import NodeKind
from apps.specs.kinds import BUILT_IN
from apps.specs.paper.differing import Present
from apps.specs.paper.foreign import line_of
from apps.specs.paper.headings import UNTITLED, Names
from apps.specs.paper.leaves import Leaf, Library, PaperFault
from apps.specs.paper.outline import Part, outline_of

_REQUIREMENT = re.compile(r"requirement:\s*(.*)", re.IGNORECASE)
_DELTA = re.compile(r"(added|modified|removed|renamed) requirements", re.IGNORECASE)
_CALLED = re.compile(r"^(change|proposal):\s*", re.IGNORECASE)
_RENAMING = re.compile(
    r"^\s*-?\s*(FROM|TO):\s*`?\s*(?:#+\s*)?(?:requirement:\s*)?(.+?)`?\s*$",
    re.IGNORECASE | re.MULTILINE,
)


def within(files: Mapping[str, str]) -> dict[str, str]:
    """Whether `openspec` itself was named, or the folder that it stands in."""
    inner = {
        path.removeprefix("openspec/"): text
        for path, text in files.items()
        if path.startswith("openspec/")
    }
    return inner or dict(files)


def library_of_specs(files: Mapping[str, str], present: Present) -> Library:
    """Without those that a change asks for: until it is archived, they say what was before it."""
    there = {leaf.key for leaf in present.library.leaves}
    asked = {capability for change in changes_in(files) for capability in change.deltas}
    leaves: list[Leaf] = []
    notes: list[PaperFault] = []
    for path in sorted(files):
        match PurePosixPath(path).parts:
            case ("specs", *parts, "spec.md") if parts:
                capability = " ".join(parts)
                if capability in asked and _key_of(capability) in there:
                    notes.append(PaperFault(path, "A change asks for it: only that is looked at."))
                else:
                    leaves += _document(files[path], capability, path)
    return Library(leaves=tuple(leaves), notes=tuple(notes))


@dataclass(frozen=True)
class Requirement:
    name: str
    body: str


def _document(text: str, capability: str, path: str) -> Iterator[Leaf]:
    key = _key_of(capability)
    parts = outline_of(text).parts
    names = Names([key], [])
    title, body = capability, ""
    below: list[Leaf] = []
    section = key
    for level, said, inner in _blocks(parts):
        named = _REQUIREMENT.fullmatch(said)
        if level <= 1 and not below:
            title, body = said or title, f"{body}\n\n{inner}".strip()
            continue
        called = line_of(named[1] if named else said) or UNTITLED
        kind = NodeKind.REQUIREMENT if named else NodeKind.SECTION
        leaf = Leaf(
            key=names.key(key, "", called),
            kind=kind,
            title=called,
            body=inner,
            parent=section if level > 2 else key,
            place=path,
            is_made=True,
        )
        below.append(leaf)
        if level <= 2:
            section = leaf.key
    yield Leaf(key=key, kind=NodeKind.SPEC, title=line_of(title), body=body, place=path)
    yield from below


def _key_of(capability: str) -> str:
    return f"{BUILT_IN[NodeKind.SPEC]}.{slug_of(capability)}"


def _blocks(parts: tuple[Part, ...]) -> Iterator[tuple[int, str, str]]:
    """Level, heading, and all that stands below it: what lies deeper than a requirement, its
    scenarios, is text of it."""
    held: list[Any] = []
    for part in parts:
        if part.level > 3 and held:
            held[2] += part.text
        else:
            if held:
                yield held[0], held[1], held[2].strip()
            held = [part.level, part.said.strip(), f"{part.gap}{part.body}{part.end}"]
    if held:
        yield held[0], held[1], held[2].strip()


# --- changes


@dataclass
class Change:
    name: str
    why: str = ""
    tasks: str = ""
    deltas: dict[str, str] = field(default_factory=dict)
    """Texts by capability."""

    @property
    def title(self) -> str:
        headings = (part.said for part in outline_of(self.why).parts if part.level == 1)
        return line_of(_CALLED.sub("", next(headings, ""))) or self.name


def changes_in(files: Mapping[str, str]) -> list[Change]:
    """Those that are not archived, by name."""
    found: dict[str, Change] = {}
    for path, text in sorted(files.items()):
        match PurePosixPath(path).parts:
            case ("changes", "archive", *_):
                continue
            case ("changes", name, "proposal.md"):
                found.setdefault(name, Change(name)).why = text
            case ("changes", name, "tasks.md"):
                found.setdefault(name, Change(name)).tasks = text
            case ("changes", name, "specs", *capability, "spec.md") if capability:
                found.setdefault(name, Change(name)).deltas[" ".join(capability)] = text
    return [found[name] for name in sorted(found)]


def operations_of(
    change: Change, present: Present
) -> tuple[list[dict[str, Any]], list[PaperFault]]:
    """What is still to be done of it, as it is sent, and what of it names nothing."""
    asking = _Asking(change, present)
    for capability, text in change.deltas.items():
        asking.hear(capability, text)
    return asking.operations, asking.notes


class _Asking:
    def __init__(self, change: Change, present: Present) -> None:
        self.change = change
        self.present = present
        self.keys = Names(present.keys, [])
        self.operations: list[dict[str, Any]] = []
        self.notes: list[PaperFault] = []
        self.doubles: set[str] = set()
        """Titles, in small letters, that more than one requirement has."""
        self.added: set[str] = set()

    def hear(self, capability: str, text: str) -> None:
        key = _key_of(capability)
        there = self._below(key)
        act, parent = "", self._home(key, there)
        blocks = [(*block, _DELTA.fullmatch(block[1])) for block in _blocks(outline_of(text).parts)]
        for _, _, inner, delta in blocks:
            if delta and delta[1].casefold() == "renamed":  # the others use the new names
                self._rename(capability, inner, there)
        for level, said, inner, delta in blocks:
            named = _REQUIREMENT.fullmatch(said)
            if level == 2:
                act = delta[1].casefold() if delta else ""
                if inner and act != "renamed":
                    self._note(capability, f"What stands below “{said}” is no requirement.")
            elif level == 3 and act and named:
                asked = Requirement(line_of(named[1]) or UNTITLED, inner)
                if act == "added" and not parent:
                    parent = self._found(key, capability)
                self._ask(act, asked, capability, there, parent or key)
            elif level == 3:
                self._note(capability, f"“{said}” is no requirement.")

    def _below(self, document: str) -> dict[str, Leaf]:
        """Requirements by their titles, in small letters."""
        inside = {document}
        found: dict[str, Leaf] = {}
        for leaf in self.present.library.leaves:
            if leaf.key in inside or leaf.parent in inside:
                inside.add(leaf.key)
                title = leaf.title.casefold()
                if leaf.kind == NodeKind.REQUIREMENT and title not in found:
                    found[title] = leaf
                elif leaf.kind == NodeKind.REQUIREMENT:
                    self.doubles.add(title)
        return found

    def _home(self, document: str, there: Mapping[str, Leaf]) -> str:
        """Where requirements of it stand. Empty: there is no such document."""
        homes = [leaf.parent for leaf in there.values() if leaf.parent]
        keys = {leaf.key for leaf in self.present.library.leaves}
        return homes[-1] if homes else document if document in keys else ""

    def _found(self, key: str, capability: str) -> str:
        self.operations.append(
            {"op": "create", "kind": "spec", "key": key, "title": line_of(capability)}
        )
        return key

    def _ask(
        self, act: str, asked: Requirement, capability: str, there: dict[str, Leaf], parent: str
    ) -> None:
        name = asked.name.casefold()
        if name in self.doubles:
            self._note(capability, f"There are several requirements “{asked.name}”.")
            return
        leaf = there.get(name)
        match act:
            case "removed" if leaf:
                self.operations.append({"op": "delete", "target": there.pop(name).id})
            case "added" | "modified" if leaf:
                if leaf.body != asked.body:
                    self.operations.append({"op": "edit", "target": leaf.id, "body": asked.body})
            case "added" if name in self.added:
                self._note(capability, f"“{asked.name}” is added twice.")
            case "added":
                self.added.add(name)
                self.operations.append(
                    {
                        "op": "create",
                        "kind": NodeKind.REQUIREMENT,
                        "title": asked.name,
                        "key": self.keys.key(_key_of(capability), "", asked.name),
                        "body": asked.body,
                        "parent": parent,
                    }
                )
            case "modified":
                self._miss(capability, asked.name)

    def _rename(self, capability: str, text: str, there: dict[str, Leaf]) -> None:
        said = [(word.upper(), line_of(name)) for word, name in _RENAMING.findall(text)]
        for (one, old), (two, new) in pairwise(said):
            if (one, two) != ("FROM", "TO"):
                continue
            leaf = there.pop(old.casefold(), None)
            if leaf:
                self.operations.append(
                    {"op": "update", "target": leaf.id, "changes": {"title": new}}
                )
                there[new.casefold()] = leaf
            elif new.casefold() not in there:
                self._miss(capability, old)

    def _miss(self, capability: str, name: str) -> None:
        self._note(capability, f"There is no requirement “{name}”.")

    def _note(self, capability: str, said: str) -> None:
        place = f"changes/{self.change.name}/specs/{capability}"
        self.notes.append(PaperFault(place, f"{said} This part of the change is left out."))
