"""A picture of specs and their links, as values a template draws: documents and kinds as groups,
closed to one box each or open with a box for each spec. Pure.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from apps.specs.changes.values import LinkState
from apps.specs.choices import NodeKind
from apps.specs.pages.layout import GAP, Place, Size, arranged, extent

BOX = Size(176, 46)
CLOSED = Size(240, 64)
ROWS = 10
"""Of boxes, in a group that is open."""
PAD, HEAD = 14, 40
"""Around the boxes of a group, and above them."""
LETTERS, LETTERS_BELOW, LETTERS_OF_GROUP = 22, 27, 25
BEND = 36
MANY = 5


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A spec, as a picture needs it."""

    id: UUID
    key: str
    title: str
    kind: str
    parent: UUID | None = None
    rank: str = ""
    is_suspect: bool = False


@dataclass(frozen=True, kw_only=True)
class Group:
    """A document with its parts, or those of a kind that are in none."""

    name: str
    """Its key, or the name of the kind."""
    title: str
    members: tuple[Drawn, ...]

    @property
    def suspects(self) -> int:
        return sum(member.is_suspect for member in self.members)


@dataclass(frozen=True, kw_only=True)
class Box:
    number: int
    place: Place
    size: Size
    label: str
    below: str
    said: str
    """All that its lines have room for only in part."""
    kind: str
    url: str
    is_suspect: bool = False
    is_group: bool = False
    is_centre: bool = False


@dataclass(frozen=True, kw_only=True)
class Frame:
    place: Place
    size: Size
    label: str
    said: str
    url: str
    """Where it is closed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    path: str
    said: str
    weight: str
    ends: tuple[int, int]
    """Numbers of the boxes that it joins."""
    kinds: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    size: Size
    frames: tuple[Frame, ...]
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def groups_of(nodes: Sequence[Drawn]) -> list[Group]:
    """Documents first, in the order of their titles."""
    known = {node.id: node for node in nodes}
    parents = {node.parent for node in nodes}
    members: dict[tuple[bool, str, str], list[Drawn]] = {}
    for node in nodes:
        root = _root(node, known)
        is_document = root.kind == NodeKind.SPEC or root.id in parents
        place = (False, root.key, root.title) if is_document else (True, root.kind, "")
        members.setdefault(place, []).append(node)
    return [
        Group(
            name=name,
            title=f"{name} {title}" if title else f"Other: {name}",
            members=tuple(in_order(found)),
        )
        for (_, name, title), found in sorted(members.items(), key=lambda item: item[0])
    ]


def in_order(nodes: Sequence[Drawn]) -> list[Drawn]:
    """Each right after what it is a part of, among its likes by rank and key."""
    known = {node.id for node in nodes}
    parts: dict[UUID | None, list[Drawn]] = {}
    for node in sorted(nodes, key=lambda node: (node.rank, len(node.key), node.key)):
        parts.setdefault(node.parent if node.parent in known else None, []).append(node)
    ordered, ahead = list[Drawn](), list(reversed(parts.get(None, [])))
    while ahead:
        ordered.append(ahead.pop())
        ahead += reversed(parts.get(ordered[-1].id, []))
    return ordered


def _root(node: Drawn, known: Mapping[UUID, Drawn]) -> Drawn:
    seen = {node.id}
    while node.parent and node.parent in known and node.parent not in seen:
        node = known[node.parent]
        seen.add(node.id)
    return node


@dataclass(kw_only=True)
class _Sheet:
    page_of: Callable[[str], str]
    turned: Callable[[str], str]
    frames: list[Frame] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    ends: dict[UUID, int] = field(default_factory=dict)
    """By which box a spec is stood for."""

    def node(self, node: Drawn, place: Place, *, is_centre: bool = False) -> None:
        self.ends[node.id] = len(self.boxes)
        self.boxes.append(
            Box(
                number=len(self.boxes),
                place=place,
                size=BOX,
                label=fitted(node.key, LETTERS),
                below=fitted(node.title, LETTERS_BELOW),
                said=f"{node.key} {node.title} ({node.kind})",
                kind=node.kind,
                url=self.page_of(node.key),
                is_suspect=node.is_suspect,
                is_centre=is_centre,
            )
        )

    def closed(self, group: Group, place: Place) -> None:
        self.ends |= dict.fromkeys((member.id for member in group.members), len(self.boxes))
        count = _counted(len(group.members), "spec")
        doubts = f", {group.suspects} suspect" if group.suspects else ""
        self.boxes.append(
            Box(
                number=len(self.boxes),
                place=place,
                size=CLOSED,
                label=fitted(group.title, LETTERS_OF_GROUP),
                below=f"{count}{doubts}",
                said=f"{group.title}: {count}{doubts}",
                kind="group",
                url=self.turned(group.name),
                is_suspect=bool(group.suspects),
                is_group=True,
            )
        )

    def opened(self, group: Group, place: Place, size: Size) -> None:
        self.frames.append(
            Frame(
                place=place,
                size=size,
                label=fitted(group.title, size.width // 9),
                said=group.title,
                url=self.turned(group.name),
            )
        )
        for number, member in enumerate(group.members):
            column, row = divmod(number, ROWS)
            self.node(
                member,
                Place(
                    place.x + PAD + column * (BOX.width + GAP),
                    place.y + HEAD + row * (BOX.height + GAP),
                ),
            )


def overview(
    groups: Sequence[Group],
    links: Collection[LinkState],
    *,
    opened: Collection[str],
    page_of: Callable[[str], str],
    turned: Callable[[str], str],
) -> Picture:
    """`opened`: names of groups. `turned`: where a group is open that is closed here, or closed."""
    sizes = {group.name: _size(group) if group.name in opened else CLOSED for group in groups}
    of = {member.id: group.name for group in groups for member in group.members}
    counted = Counter(
        (of[link.target], of[link.source])
        for link in links
        if link.source in of and link.target in of and of[link.source] != of[link.target]
    )
    leads = [(one, to) for (one, to), count in counted.items() if count >= counted[to, one]]
    places = arranged(sizes, leads)
    sheet = _Sheet(page_of=page_of, turned=turned)
    for group in groups:
        if group.name in opened:
            sheet.opened(group, places[group.name], sizes[group.name])
        else:
            sheet.closed(group, places[group.name])
    return _picture(sheet, links, extent(sizes, places))


def neighbourhood(
    nodes: Sequence[Drawn],
    links: Collection[LinkState],
    *,
    centre: UUID,
    page_of: Callable[[str], str],
) -> Picture:
    """A box for each spec, right of what it depends on."""
    sizes = {node.id: BOX for node in nodes}
    drawn = [link for link in links if link.source in sizes and link.target in sizes]
    places = arranged(sizes, [(link.target, link.source) for link in drawn])
    sheet = _Sheet(page_of=page_of, turned=page_of)
    for node in nodes:
        sheet.node(node, places[node.id], is_centre=node.id == centre)
    return _picture(sheet, drawn, extent(sizes, places))


def _picture(sheet: _Sheet, links: Iterable[LinkState], size: Size) -> Picture:
    between: dict[tuple[int, int], Counter[str]] = {}
    for link in links:
        if link.source in sheet.ends and link.target in sheet.ends:
            ends = (sheet.ends[link.target], sheet.ends[link.source])
            if ends[0] != ends[1]:
                between.setdefault(ends, Counter())[link.kind] += 1
    return Picture(
        size=size,
        frames=tuple(sheet.frames),
        boxes=tuple(sheet.boxes),
        lines=tuple(_line(sheet.boxes, ends, kinds) for ends, kinds in between.items()),
    )


def _line(boxes: Sequence[Box], ends: tuple[int, int], kinds: Counter[str]) -> Line:
    one, other = boxes[ends[0]], boxes[ends[1]]
    count = kinds.total()
    how = ", ".join(f"{number} {kind}" if count > 1 else kind for kind, number in kinds.items())
    return Line(
        path=_path(one, other),
        said=f"{other.label} {how.replace('_', ' ')} {one.label}",
        weight="one" if count == 1 else "some" if count <= MANY else "many",
        ends=ends,
        kinds=" ".join(kinds),
    )


def _path(one: Box, other: Box) -> str:
    """From the right side of one to the left of the other; where that lies behind, to the right."""
    x, y = one.place.x + one.size.width, one.place.y + one.size.height // 2
    to_x, to_y = other.place.x, other.place.y + other.size.height // 2
    if to_x >= x:
        bend = max(BEND, (to_x - x) // 2)
        return f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
    to_x += other.size.width
    return f"M{x} {y}C{x + BEND} {y} {to_x + BEND} {to_y} {to_x} {to_y}"


def _size(group: Group) -> Size:
    columns = -(-len(group.members) // ROWS)
    rows = min(len(group.members), ROWS)
    return Size(
        columns * (BOX.width + GAP) - GAP + 2 * PAD,
        rows * (BOX.height + GAP) - GAP + HEAD + PAD,
    )


def fitted(text: str, letters: int) -> str:
    words = " ".join(text.split())
    return words if len(words) <= letters else f"{words[: letters - 1]}…"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
