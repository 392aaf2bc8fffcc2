"""What lower rooms offer and higher ones fill: tiles for the console's home page, and finders for
its palette. An app registers its own in `<app>/console.py`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from apps.common.actors import Actor

Tone = Literal["calm", "good", "attention"]


@dataclass(frozen=True)
class Reading:
    """What a tile shows now."""

    value: str | int
    note: str = ""
    url: str = ""
    tone: Tone = "calm"


@dataclass(frozen=True)
class Tile:
    """`read` answers for one person in a query or two; None leaves the tile out."""

    title: str
    icon: str
    order: int
    read: Callable[[Actor], Reading | None]


@dataclass(frozen=True)
class Found:
    title: str
    description: str
    link: str
    icon: str


Finder = Callable[[Actor, str], Iterable[Found]]

tiles: list[Tile] = []
finders: list[Finder] = []


def tile(*, title: str, icon: str, order: int) -> Callable[[Any], Any]:
    def register(read: Callable[[Actor], Reading | None]) -> Callable[[Actor], Reading | None]:
        tiles.append(Tile(title, icon, order, read))
        return read

    return register


def finder(find: Finder) -> Finder:
    finders.append(find)
    return find
