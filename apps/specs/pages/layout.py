"""Where things stand in a picture: in columns, each thing right of those it follows from. Pure.

In layers by the longest way to them, and in those by the middle of what each is linked with: the
way of Sugiyama, and no more of it than some hundred things need. What would be one long row is
folded to about the shape of a screen, where that order holds by and large.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from math import isqrt
from typing import NamedTuple, TypeVar

GAP, BETWEEN, ACROSS = 12, 24, 72
"""Between things of a column, between columns of a layer, and between layers."""
TALL, WIDE = 900, 1_400
"""A layer that would be taller goes on in another column; what is linked with nothing fills rows
as wide."""
LONG = 3
"""What is more times as wide as it is high, and wider than a screen, is folded."""
SHAPE = 1.6
"""Of a screen."""
SWEEPS = 4

T = TypeVar("T", bound=Hashable)


class Size(NamedTuple):
    width: int
    height: int


class Place(NamedTuple):
    x: int
    y: int


def arranged(sizes: Mapping[T, Size], leads: Collection[tuple[T, T]]) -> dict[T, Place]:
    """`leads`: from what to what follows from it."""
    linked = dict.fromkeys(one for lead in leads for one in lead)
    layers = _ordered(_layers(linked, leads), leads)
    places = _placed(_columns(layers, sizes, TALL), sizes)
    width, height = extent(sizes, places)
    if width > max(WIDE, LONG * height):
        area = sum((sizes[one].width + ACROSS) * (sizes[one].height + GAP) for one in linked)
        in_a_row = [one for layer in layers for one in layer]
        places = _placed(_columns([in_a_row], sizes, isqrt(int(area / SHAPE))), sizes, ACROSS)
        width, height = extent(sizes, places)
    single = [one for one in sizes if one not in linked]
    below = height + BETWEEN if linked else 0
    return places | _rows(single, sizes, top=below, width=max(width, WIDE))


def _placed(
    columns: Sequence[tuple[Sequence[T], int]], sizes: Mapping[T, Size], least: int = 0
) -> dict[T, Place]:
    tallest = max((_tall(column, sizes) for column, _ in columns), default=0)
    places: dict[T, Place] = {}
    x = 0
    for column, space in columns:
        x += max(space, least if places else 0)
        y = (tallest - _tall(column, sizes)) // 2
        for one in column:
            places[one] = Place(x, y)
            y += sizes[one].height + GAP
        x += max(sizes[one].width for one in column)
    return places


def _layers(linked: Collection[T], leads: Collection[tuple[T, T]]) -> list[list[T]]:
    """Of things that lead round to each other, the one that fewest lead to comes first."""
    waiting: dict[T, set[T]] = {one: set() for one in linked}
    for one, other in leads:
        if one != other:
            waiting[other].add(one)
    layers: list[list[T]] = []
    while waiting:
        free = [one for one, before in waiting.items() if not before]
        layers.append(free or [min(waiting, key=lambda one: len(waiting[one]))])
        for one in layers[-1]:
            del waiting[one]
        for before in waiting.values():
            before.difference_update(layers[-1])
    return layers


def _ordered(layers: list[list[T]], leads: Collection[tuple[T, T]]) -> list[list[T]]:
    beside: dict[T, list[T]] = {one: [] for layer in layers for one in layer}
    for one, other in leads:
        beside[one].append(other)
        beside[other].append(one)
    at = {one: place / len(layer) for layer in layers for place, one in enumerate(layer)}
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            middles = {one: sum(at[o] for o in beside[one]) / len(beside[one]) for one in layer}
            layer.sort(key=lambda one: (middles[one], at[one]))
            at |= {one: place / len(layer) for place, one in enumerate(layer)}
    return layers


def _columns(
    layers: Sequence[Sequence[T]], sizes: Mapping[T, Size], tall: int
) -> list[tuple[list[T], int]]:
    """Each with the space before it."""
    columns: list[tuple[list[T], int]] = []
    for layer in layers:
        space = ACROSS if columns else 0
        for one in layer:
            if space or not columns or _tall([*columns[-1][0], one], sizes) > tall:
                columns.append(([], space or (BETWEEN if columns else 0)))
                space = 0
            columns[-1][0].append(one)
    return columns


def _tall(column: Sequence[T], sizes: Mapping[T, Size]) -> int:
    return sum(sizes[one].height for one in column) + GAP * (len(column) - 1)


def _rows(single: Sequence[T], sizes: Mapping[T, Size], *, top: int, width: int) -> dict[T, Place]:
    places: dict[T, Place] = {}
    x, lowest = 0, top
    for one in single:
        if x and x + sizes[one].width > width:
            x, top = 0, lowest + GAP
        places[one] = Place(x, top)
        x += sizes[one].width + GAP
        lowest = max(lowest, top + sizes[one].height)
    return places


def extent(sizes: Mapping[T, Size], places: Mapping[T, Place]) -> Size:
    """Of all of it."""
    return Size(
        max((place.x + sizes[one].width for one, place in places.items()), default=0),
        max((place.y + sizes[one].height for one, place in places.items()), default=0),
    )
