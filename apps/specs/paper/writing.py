"""A node with all its parts as one file of Markdown. Whatever reading the text would not give back
is said by a mark, so that nothing is lost; a node that comes out of a file as it went in has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.specs.choices import NodeKind, Status
from apps.specs.paper.headings import (
    WITHOUT_LINE,
    Frame,
    Known,
    Levels,
    Names,
    frame_of,
    name_above,
    plain_line,
    said_by,
)
from apps.specs.paper.leaves import Leaf, links_by_kind
from apps.specs.paper.marks import comment, front_matter
from apps.specs.paper.outline import NOTHING, ending_around, parts_of, spaced

_MARK_BEGINS = "<!-- lattice "


@dataclass
class Piece:
    """One node of a file, as it is to be written."""

    leaf: Leaf
    line: str
    """Empty: it has no heading."""
    safe: str
    """The line that ends whatever can be ended by a heading."""
    frame: Frame
    gap: str
    body: str
    end: str
    says: dict[str, Any] = field(default_factory=dict)
    """What its mark says."""

    @property
    def bare(self) -> str:
        return f"{self.line}{self.gap}{self.body}{self.end}"

    @property
    def ending(self) -> str:
        return ending_around(self.line, self.gap, self.end)

    def text(self, ending: str) -> str:
        mark = f"{ending}{comment(self.says)}" if self.says else ""
        return f"{self.line}{mark}{self.gap}{self.body}{self.end}"


def write_document(
    document: Leaf, below: Mapping[str | None, Sequence[Leaf]], *, known: Known
) -> str:
    pieces = _pieces(document, below, known)
    first, *others = pieces
    _name_sections(pieces, known)
    texts = [piece.text(first.ending) for piece in others]
    return front_matter(_front(document) | first.says) + first.bare + "".join(texts)


def _pieces(
    document: Leaf, below: Mapping[str | None, Sequence[Leaf]], known: Known
) -> list[Piece]:
    pieces = [_document_piece(document, known)]
    levels = Levels(document.key)
    waiting = list(reversed(below.get(document.key, ())))
    while waiting:
        leaf = waiting.pop()
        piece = _piece(leaf, levels, document.key, known)
        _part(pieces[-1], piece, pieces[0].ending if len(pieces) > 1 else "\n")
        pieces.append(piece)
        waiting += reversed(below.get(leaf.key, ()))
    _part(pieces[-1], None, pieces[0].ending if len(pieces) > 1 else "\n")
    return pieces


def _document_piece(leaf: Leaf, known: Known) -> Piece:
    frame = frame_of(leaf.heading)
    plain = plain_line(1, leaf.key, leaf.kind, leaf.title)
    if frame.line == WITHOUT_LINE:
        says = {"heading": False, "title": leaf.title}
        return _with_body(leaf, "", "", frame, says)
    line = _line_of(leaf, frame, plain, known)
    said = said_by(_content(line), _only(leaf.key))
    says = {} if said.title == leaf.title else {"title": leaf.title}
    return _with_body(leaf, line, plain, frame, says)


def _piece(leaf: Leaf, levels: Levels, document: str, known: Known) -> Piece:
    frame, parent = frame_of(leaf.heading), leaf.parent or document
    level = levels.plain_below(parent)
    plain = plain_line(level, leaf.key, leaf.kind, leaf.title)
    line = _line_of(leaf, frame, plain, known)
    if line != plain:
        stands = _level(line)
        if levels.parent_at(stands) == parent:
            level = stands
        else:
            line = plain
    says: dict[str, Any] = {}
    said = said_by(_content(line), known)
    if leaf.kind == NodeKind.SECTION:
        if said.key:
            says["key"] = leaf.key
    elif (said.key, said.kind) != (leaf.key, leaf.kind):
        says |= {"key": leaf.key, "kind": leaf.kind}
    if says:
        said = said_by(_content(line), _only(leaf.key))
    if said.title != leaf.title:
        says["title"] = leaf.title
    if levels.parent_at(level) != parent:
        says["under"] = parent
    levels.enter(leaf.key, parent, level)
    safe = plain_line(level, leaf.key, leaf.kind, leaf.title)
    return _with_body(leaf, line, safe, frame, says | _facts(leaf))


def _with_body(leaf: Leaf, line: str, safe: str, frame: Frame, says: dict[str, Any]) -> Piece:
    before, body, after = spaced(leaf.body)
    if before or after:
        says = {**says, "spacing": [before, after]}
    return Piece(leaf, line, safe, frame, frame.gap or "", body, frame.end or "", says)


def _line_of(leaf: Leaf, frame: Frame, plain: str, known: Known) -> str:
    """The one that was kept, if it still is a heading and says the title."""
    line = frame.line
    if line is None or line == WITHOUT_LINE:
        return plain
    found = parts_of(line)
    if len(found) > 1 or not found[0].level or found[0].line != line:
        return plain
    heard = {said_by(found[0].said, one).title for one in (known, _only(leaf.key))}
    return line if leaf.title in heard else plain


def _part(piece: Piece, following: Piece | None, ending: str) -> None:
    """So that its body ends where it ends, and what follows is a heading."""
    frame, blank = piece.frame, ending * 2
    plain_end = blank if following else ending
    if piece.body:
        piece.gap = blank if frame.gap is None else frame.gap
        piece.end = plain_end if frame.end is None else frame.end
    else:
        piece.gap, piece.end = plain_end if frame.gap is None else frame.gap, ""
    if _stands(piece, following):
        return
    if piece.line and piece.body:
        piece.gap = blank
    if piece.body:
        piece.end = plain_end
    else:
        piece.gap = plain_end
    if _stands(piece, following):
        return
    if following:
        kept, following.line = following.line, following.safe
        if _stands(piece, following):
            return
        following.line = kept
    piece.says["body"] = piece.leaf.body
    piece.says.pop("spacing", None)
    piece.says.pop("headings", None)
    piece.gap, piece.body, piece.end = plain_end, "", ""


def _stands(piece: Piece, following: Piece | None) -> bool:
    """Whether it reads back as it is, and tells how many headings are text of its body."""
    piece.says.pop("headings", None)
    after = following.line if following else ""
    if piece.line and piece.gap[:1] not in ("\r", "\n") and (piece.gap or after):
        return False
    if piece.body.startswith(_MARK_BEGINS) and spaced(piece.gap)[0] in ("\n", "\r\n", "\r"):
        return False
    found = list(parts_of(piece.bare + after))
    if following and found.pop().line != after:
        return False
    if not piece.line and (not found or found[0].level):
        found.insert(0, NOTHING)
    if not found:
        return False
    first = found[0]
    if first.line != piece.line or (first.mark and not piece.says):
        return False
    inner = "".join(part.text for part in found)[len(first.line) :]
    if spaced(inner) != ((piece.gap, piece.body, piece.end) if piece.body else (inner, "", "")):
        return False
    if len(found) > 1:
        piece.says["headings"] = len(found) - 1
    return True


def _name_sections(pieces: Sequence[Piece], known: Known) -> None:
    """Marks the keys that headings would not give to what stands below them. One that is marked
    may leave its name to another, which then needs no mark, or does."""
    document, *below = pieces
    leaf = document.leaf
    heard = [said_by(_content(piece.line), known) for piece in below]
    wrong = True
    while wrong:
        keyed = [
            piece.says.get("key") or said.key for piece, said in zip(below, heard, strict=True)
        ]
        names = Names([leaf.key, *keyed], [said.anchor for said in heard])
        above = {leaf.key: name_above(leaf.key, leaf.kind, None)}
        wrong = False
        for piece, said, own in zip(below, heard, keyed, strict=True):
            part, stem = piece.leaf, above[piece.leaf.parent or leaf.key]
            own = own or names.key(stem, said.anchor, part.title)
            above[part.key] = name_above(part.key, part.kind, stem)
            if own != part.key:
                piece.says["key"], wrong = part.key, True


def _front(leaf: Leaf) -> dict[str, Any]:
    named = {"id": leaf.id} if leaf.id else {}
    return {**named, "key": leaf.key, "kind": leaf.kind, "status": leaf.status, **_facts(leaf)}


def _facts(leaf: Leaf) -> dict[str, Any]:
    facts = {
        "status": leaf.status if leaf.status != Status.ACTIVE else None,
        "owner": leaf.owner,
        "labels": list(leaf.labels),
        "attributes": dict(leaf.attributes),
        "links": links_by_kind(leaf),
    }
    return {name: value for name, value in facts.items() if value}


def _only(key: str) -> Known:
    named = (key, NodeKind.SECTION)
    return lambda found: named if found.casefold() == key.casefold() else None


def _content(line: str) -> str:
    return parts_of(line)[0].said


def _level(line: str) -> int:
    return parts_of(line)[0].level
