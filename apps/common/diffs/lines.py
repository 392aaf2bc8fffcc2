"""A difference as values, as it is read from top to bottom."""

from dataclasses import dataclass
from typing import NamedTuple


class Line(NamedTuple):
    number: int
    text: str
    """Without the line feed."""
    changed: tuple[tuple[int, int], ...] = ()
    """From where to where it changed. Nowhere: the whole line came or went, or stays."""
    ended: bool = True
    """False: the text ends here, without a line feed."""


class Row(NamedTuple):
    """What stands beside each other. None: nothing does."""

    before: Line | None
    after: Line | None
    same: bool = False


@dataclass(frozen=True)
class Hunk:
    rows: tuple[Row, ...]
    opened: int | None = None
    """These stay the same, and were a fold that starts with this line."""


@dataclass(frozen=True)
class Fold:
    """Lines that stay the same and are not shown."""

    start: int
    """The first of them, by its number before the change."""
    count: int


@dataclass(frozen=True, kw_only=True)
class Diff:
    parts: tuple[Hunk | Fold, ...] = ()
    added: int = 0
    removed: int = 0
    left: int = 0
    """Lines that were added or removed as well, and are not among the parts."""
    room: int = 0
    """How many more lines would have been shown."""
    notes: tuple[str, ...] = ()
    """What a patch says beside its lines: that a file becomes a program."""
    whole: bool = False
    """Both texts are at hand: its folds can be opened."""
