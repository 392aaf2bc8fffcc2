"""What depends on a change as a small layered graph: the change on the left, what follows from it
beside it, and so on. Pure; the list beside it says the same in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.approvals.ports import Affected

WIDTH, HEIGHT = 208, 44
"""Of a box."""
ACROSS, DOWN = 56, 12
"""Between boxes."""
MOST_IN_LAYER = 10
LONGEST = 28
"""Letters in a box."""


@dataclass(frozen=True, kw_only=True)
class Box:
    label: str
    whole: str
    how: str
    kind: str
    url: str
    x: int
    y: float


@dataclass(frozen=True, kw_only=True)
class Graph:
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]
    """Paths of an SVG, from box to box."""
    width: int
    height: int
    left_out: int


def graph_of(affected: Sequence[Affected], *, change: str) -> Graph:
    """`change`: what the change itself is called."""
    root = Affected(key="", label=change, kind="change", how="")
    first = {"": root} | {each.key: each for each in reversed(affected) if each.key}
    layers = _layers(affected, first)
    tallest = max(len(layer) for layer in layers)
    place: dict[str, tuple[int, float]] = {}
    for number, layer in enumerate(layers):
        top = (tallest - len(layer)) * (HEIGHT + DOWN) / 2
        for row, key in enumerate(layer):
            place[key] = (number * (WIDTH + ACROSS), top + row * (HEIGHT + DOWN))
    return Graph(
        boxes=tuple(_box(first[key], *at) for key, at in place.items()),
        lines=tuple(
            dict.fromkeys(
                _line(place[each.of if each.of in first else ""], place[each.key])
                for each in affected
                if each.key in place and (each.of if each.of in first else "") in place
            )
        ),
        width=len(layers) * (WIDTH + ACROSS) - ACROSS,
        height=tallest * (HEIGHT + DOWN) - DOWN,
        left_out=len(first) - len(place),
    )


def _layers(affected: Sequence[Affected], known: Mapping[str, Affected]) -> list[list[str]]:
    """Each key once, as near to the change as it can be; in the order of what it follows from, so
    that lines cross as little as need be."""
    after: dict[str, list[str]] = {}
    for each in affected:
        after.setdefault(each.of if each.of in known else "", []).append(each.key)
    layers, seen = [[""]], {""}
    while layers[-1]:
        below = dict.fromkeys(key for above in layers[-1] for key in after.get(above, ()))
        following = [key for key in below if key not in seen]
        seen.update(following)
        layers.append(following[:MOST_IN_LAYER])
    return layers[:-1]


def _box(each: Affected, x: int, y: float) -> Box:
    return Box(
        label=shortened(each.label),
        whole=each.label,
        how=shortened(each.how),
        kind=each.kind,
        url=each.url,
        x=x,
        y=y,
    )


def _line(start: tuple[int, float], end: tuple[int, float]) -> str:
    x, y = start[0] + WIDTH, start[1] + HEIGHT / 2
    to_x, to_y = end[0], end[1] + HEIGHT / 2
    middle = (x + to_x) / 2
    return f"M{x} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {to_x} {to_y:g}"


def shortened(text: str) -> str:
    """Its beginning and its end: of a path that is the folder and the file."""
    if len(text) <= LONGEST:
        return text
    kept = LONGEST - 1
    return f"{text[: kept // 3].rstrip()}…{text[-(kept - kept // 3) :].lstrip()}"
