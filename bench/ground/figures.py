"""What a measurement comes to, in one shape: a figure, what stood beside it in the same run, and
what it shall be.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    what: str
    value: float
    unit: str = "ms"
    beside: str = ""
    other: float | None = None
    """How much that takes, in the same unit."""
    ratio: float | None = None
    """Of the two."""
    at_least: float | None = None
    at_most: float | None = None
    ratio_at_least: float | None = None
    ratio_at_most: float | None = None

    def __post_init__(self) -> None:
        if self.ratio is None and self.other:
            object.__setattr__(self, "ratio", self.value / self.other)
        for name in ("value", "other", "ratio"):
            if (number := getattr(self, name)) is not None:
                object.__setattr__(self, name, float(f"{number:.4g}"))  # more is noise

    @classmethod
    def of(cls, rounds: Sequence[tuple[float, float]], **said: Any) -> "Figure":
        """What is in the middle, of rounds that each measured it and what stands beside it. Other
        work comes and goes between them, so the ratio is the middle one of theirs."""
        mine, other = (median(column) for column in zip(*rounds, strict=True))
        ratio = median(one / beside for one, beside in rounds)
        return cls(value=mine, other=other, ratio=ratio, **said)

    @property
    def goal(self) -> str:
        said = [
            self.at_least is not None and f"≥ {shown(self.at_least)} {self.unit}",
            self.at_most is not None and f"≤ {shown(self.at_most)} {self.unit}",
            self.ratio_at_least is not None and f"ratio ≥ {shown(self.ratio_at_least)}",
            self.ratio_at_most is not None and f"ratio ≤ {shown(self.ratio_at_most)}",
        ]
        return ", ".join(text for text in said if text)

    @property
    def is_met(self) -> bool | None:
        """None where there is no goal."""
        if not self.goal:
            return None
        return _within(self.at_least, self.value, self.at_most) and _within(
            self.ratio_at_least, self.ratio, self.ratio_at_most
        )

    @property
    def said(self) -> dict[str, Any]:
        """What it says, without what goes without saying."""
        known = {each.name: each.default for each in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != known[name]}

    @property
    def cells(self) -> tuple[str, ...]:
        other = "" if self.other is None else f"{shown(self.other)} {self.unit}"
        return (
            self.what,
            f"{shown(self.value)} {self.unit}".strip(),
            ", ".join(filter(None, (self.beside, other.strip()))),
            "" if self.ratio is None else shown(self.ratio),
            self.goal,
            {None: "", True: "met", False: "**not met**"}[self.is_met],
        )


COLUMNS = ("figure", "", "compared with", "ratio", "goal", "")


def _within(least: float | None, found: float | None, most: float | None) -> bool:
    if least is None and most is None:
        return True
    return found is not None and (
        (least is None or found >= least) and (most is None or found <= most)
    )


def shown(number: float) -> str:
    """As exact as it is worth: three digits, or all that stand before the point."""
    if abs(number) >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.3g}" if abs(number) >= 0.0001 else "0"


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """What every measurement may be told."""
    asked = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return asked


def tell(figures: Iterable[Figure], given: argparse.Namespace) -> None:
    found = list(figures)
    show(found)
    if given.json:
        given.json.write_text(json.dumps([figure.said for figure in found]))


def show(figures: Iterable[Figure]) -> None:
    table = Table()
    for number, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if number in (1, 3) else "left")
    for figure in figures:
        table.add_row(*(cell.replace("**", "") for cell in figure.cells))
    Console(width=120).print(table)


def read(path: Path) -> list[Figure]:
    return [Figure(**each) for each in json.loads(path.read_text())]
