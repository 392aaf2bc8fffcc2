"""What lower rooms offer and higher ones fill: tiles for the console's home page, finders for its
palette and notices for all its pages, which an app registers in `<app>/console.py`; what the doctor
looks at and what Prometheus reads, which it registers when it is ready.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
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


@dataclass(frozen=True)
class Notice:
    """What whoever looks at any page of the console has to know."""

    text: str
    note: str = ""
    since: datetime | None = None
    url: str = ""


ReadNotices = Callable[[Actor], Iterable[Notice]]

tiles: list[Tile] = []
notices: list[ReadNotices] = []
finders: list[Finder] = []


def tile(*, title: str, icon: str, order: int) -> Callable[[Any], Any]:
    def register(read: Callable[[Actor], Reading | None]) -> Callable[[Actor], Reading | None]:
        tiles.append(Tile(title, icon, order, read))
        return read

    return register


def notice(read: ReadNotices) -> ReadNotices:
    """`read` is asked for every page: a query at most when there is nothing to say."""
    notices.append(read)
    return read


def finder(find: Finder) -> Finder:
    finders.append(find)
    return find


class Health(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """A line of `manage.py doctor`: how it is and, if not well, what to do."""

    subject: str
    health: Health
    text: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.health is not Health.OK and not self.fix:
            raise ValueError(f"{self.subject} is not well: say the fix.")


Examination = Callable[[], Iterable[Finding]]

examinations: list[Examination] = []
"""Asked once the database answers and is migrated."""


@dataclass(frozen=True)
class Level:
    """How much of something there is: the same, whichever process is asked.

    `label` names what its values are told apart by; without one there is one value, under "".
    """

    name: str
    says: str
    values: Mapping[str, float] = field(default_factory=dict)
    label: str = ""


SETTINGS = "settings"
"""The tag of those system checks that each of our commands waits for. The web and `manage.py check`
run all there are."""

ReadLevels = Callable[[], Iterable[Level]]

levels: list[ReadLevels] = []
"""Read whenever Prometheus asks, so each of them is a query or two that stay cheap."""
