"""What depends on a change as a small layered graph: the change on the left, what follows from it
beside it, and so on. Pure; the list beside it says the same in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten, wrap

from apps.approvals.ports import Affected

WIDTH, HEIGHT = 186, 58
"""Of a box."""
ACROSS, DOWN = 44, 12
"""Between boxes."""
MOST_IN_LAYER = 10
LONGEST, LONGEST_HOW = 25, 32
"""Letters in a line of a box."""
FIRST_LINE, NEXT_LINE = 19, 15


@dataclass(frozen=True, kw_only=True)
class Line:
    text: str
    y: int
    quiet: bool


@dataclass(frozen=True, kw_only=True)
class Box:
    whole: str
    """All that its lines have room for only in part."""
    lines: tuple[Line, ...]
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
    texts = [(text, False) for text in folded(each.label)]
    if each.how:
        texts.append((shorten(each.how, LONGEST_HOW, placeholder="…"), True))
    top = FIRST_LINE + (3 - len(texts)) * NEXT_LINE // 2
    return Box(
        whole=f"{each.label}: {each.how}" if each.how else each.label,
        lines=tuple(
            Line(text=text, y=top + row * NEXT_LINE, quiet=quiet)
            for row, (text, quiet) in enumerate(texts)
        ),
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


def folded(text: str) -> list[str]:
    """On two lines at most. Of a long word, such as a path, its beginning and its end."""
    words = " ".join(map(_cut, text.split()))
    return wrap(words, LONGEST, max_lines=2, placeholder="…", break_on_hyphens=False) or [""]


def _cut(word: str) -> str:
    if len(word) < LONGEST:
        return word
    kept = LONGEST - 2  # there is one more where the text ends early
    return f"{word[: kept // 3]}…{word[-(kept - kept // 3) :]}"
