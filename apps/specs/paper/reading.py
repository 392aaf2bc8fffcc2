"""A file's Markdown to nodes: one document, and what stands below its headings."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from apps.specs.choices import NodeKind
from apps.specs.paper.foreign import TOML, Foreign, is_ours, understood
from apps.specs.paper.headings import (
    UNTITLED,
    WITHOUT_LINE,
    Frame,
    Known,
    Levels,
    Names,
    Said,
    name_above,
    plain_line,
    said_by,
)
from apps.specs.paper.leaves import Leaf, PaperFault, links_in, without_nothing
from apps.specs.paper.marks import Mark, MarkFault, read_comment, read_front
from apps.specs.paper.outline import (
    NOTHING,
    Outline,
    Part,
    ending_around,
    outline_of,
    spaced,
    without_front,
)
from apps.specs.paper.referring import references_in
from apps.specs.schemas import MOST_CHARACTERS

LONGEST_HEADING = 10_000


class Unreadable(Exception):
    def __init__(self, *faults: PaperFault) -> None:
        super().__init__("; ".join(f"{fault.place}: {fault.message}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Section:
    """A part with its mark, and with the headings that are text of its body."""

    part: Part
    mark: Mark
    line: int
    is_last: bool
    text: str
    """All of it, as it stands."""


MayTake = Callable[[Leaf], bool]


def read_document(
    text: str,
    *,
    path: str,
    key: str,
    known: Known,
    title: str = UNTITLED,
    may_take: MayTake = lambda _: True,
) -> tuple[Leaf, ...]:
    """`key` and `title`: of the document, if the file names none itself. `may_take`: whether the
    key that another tool's front matter names may be this document's."""
    outline, foreign = _opened(text, path)
    front = foreign.mark
    sections = _sections(outline, front, path)
    first = sections[0]
    said = _said(first, front, known) if first.part.level else Said(title)
    named = front.key or said.key or key
    kind = front.kind or _kind_of(named, said, known)
    ending = ending_around(first.part.line, first.part.gap, first.part.end)
    line = first.part.line if first.part.level else WITHOUT_LINE
    document = _leaf(first, front, said, named, kind, path)
    notes = foreign.notes
    if foreign.is_foreign and front.key and not may_take(document):
        notes = (*notes, f"{named} is another spec here: this one is called {key}.")
        named, kind = key, front.kind or NodeKind.SPEC
        document = _leaf(first, front, said, named, kind, path)
    plain = plain_line(1, named, kind, document.title)
    leaves = [
        replace(
            document,
            id=str(front.id or ""),
            heading=_frame(first, line, plain, "\n").kept,
            refers=(*foreign.refers, *document.refers),
            notes=notes,
            is_foreign=foreign.is_foreign,
        )
    ]
    below = sections[1:]
    heard = [_said(section, section.mark, known) for section in below]
    keyed = [section.mark.key or said.key for section, said in zip(below, heard, strict=True)]
    names = Names([named, *keyed], [said.anchor for said in heard])
    above = {named: name_above(named, kind, None)}
    levels = Levels(named)
    for section, said, own in zip(below, heard, keyed, strict=True):
        mark, level = section.mark, section.part.level
        parent = mark.under or levels.parent_at(level)
        if not levels.stands(parent):
            raise _fault(path, section.line, f"`under`: {parent} stands nowhere above this.")
        is_made = not own and not said.anchor
        own = own or names.key(above[parent], said.anchor, mark.title or said.title)
        kind = mark.kind or (said.kind if not mark.key else NodeKind.SECTION)
        leaf = _leaf(section, mark, said, own, kind, path)
        plain = plain_line(levels.plain_below(parent), own, kind, leaf.title)
        frame = _frame(section, section.part.line, plain, ending)
        leaves.append(replace(leaf, parent=parent, heading=frame.kept, is_made=is_made))
        levels.enter(own, parent, level)
        above[own] = name_above(own, kind, above[parent])
    return tuple(leaves)


def texts_of(text: str) -> tuple[str, list[str]]:
    """What stands above a document, and its text cut into its nodes."""
    outline, foreign = _opened(text, "")
    sections = _sections(outline, foreign.mark, "")
    return outline.opening, [section.text for section in sections]


def _opened(text: str, path: str) -> tuple[Outline, Foreign]:
    """With its front matter, read as ours if it may be, otherwise as that of another tool."""
    outline = outline_of(text)
    try:
        if outline.fence != TOML:
            return outline, Foreign(read_front(outline.front))
    except MarkFault as fault:
        if is_ours(outline.front):
            raise _fault(path, fault.line, fault.message) from None
    foreign = understood(outline.front, fence=outline.fence)
    return (outline, foreign) if foreign else (without_front(text), Foreign(Mark()))


def _kind_of(key: str, said: Said, known: Known) -> str:
    """Of a document, by its heading or by its key."""
    if said.key == key:
        return said.kind
    found = known(key)
    return found[1] if found else NodeKind.SPEC


def _sections(outline: Outline, front: Mark, path: str) -> list[Section]:
    parts = list(outline.parts)
    any_level = outline.front and (front.key or not front.title)
    has_line = front.heading and (parts[0].level == 1 or (any_level and parts[0].level))
    if parts[0].level and not has_line:
        parts.insert(0, NOTHING)
    sections: list[Section] = []
    line = 1 + _lines(outline.opening)
    at = 0
    while at < len(parts):
        part, mark = parts[at], front
        if at:
            try:
                mark = read_comment(part.marked) if part.mark else Mark()
            except MarkFault as fault:
                raise _fault(path, line + 1, fault.message) from None
        end = at + 1 + mark.headings
        if end > len(parts):
            raise _fault(path, line, "`headings`: there are not so many below this.")
        below = f"{part.gap}{part.body}{part.end}" + "".join(p.text for p in parts[at + 1 : end])
        gap, body, rest = spaced(below)
        whole = replace(part, gap=gap, body=body, end=rest)
        text = "".join(p.text for p in parts[at:end])
        sections.append(Section(whole, mark, line, end == len(parts), text))
        line += _lines(text)
        at = end
    return sections


def _lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _said(section: Section, mark: Mark, known: Known) -> Said:
    """Where the mark names the key, that of another one is part of the title."""
    own = mark.key
    if own is None:
        return said_by(section.part.said, known)
    named = (own, NodeKind.SECTION)
    return said_by(
        section.part.said, lambda key: named if key.casefold() == own.casefold() else None
    )


def _leaf(section: Section, mark: Mark, said: Said, key: str, kind: str, path: str) -> Leaf:
    body = section.part.body if mark.body is None else mark.body
    if mark.spacing:
        body = mark.spacing[0] + body + mark.spacing[1]
    if len(body) > MOST_CHARACTERS:
        raise _fault(path, section.line, f"A body has at most {MOST_CHARACTERS:,} characters.")
    if len(section.part.line) > LONGEST_HEADING:
        raise _fault(path, section.line, f"A heading has at most {LONGEST_HEADING:,} characters.")
    return Leaf(
        key=key,
        kind=kind,
        title=mark.title or said.title,
        body=body,
        attributes=without_nothing(mark.attributes),
        labels=tuple(mark.labels),
        owner=str(mark.owner) if mark.owner else None,
        status=mark.status,
        links=links_in(mark.links),
        place=f"{path}:{section.line}",
        refers=references_in(body),
    )


def _frame(section: Section, line: str, plain: str, ending: str) -> Frame:
    part = section.part
    plain_end = ending if section.is_last else ending * 2
    has_body = bool(part.body)
    plain_gap = ending * 2 if has_body else plain_end
    return Frame(
        None if line == plain else line,
        None if part.gap == plain_gap else part.gap,
        None if not has_body or part.end == plain_end else part.end,
    )


def _fault(path: str, line: int, message: str) -> Unreadable:
    return Unreadable(PaperFault(f"{path}:{line}", message))
