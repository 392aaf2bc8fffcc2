"""A pytest plugin: which rows of docs/reliability.md a run proves; what it found is written there.

    pytest -m "torture or row" --note-figures docs/reliability.md

`LATTICE_TORTURE_ROWS` chooses rows, `LATTICE_TORTURE_SEED` is where chance starts, for all of them,
and `LATTICE_TORTURE_QUICK` makes them small. A row is written when all its tests were run whole and
passed; what is promised in it is never touched.
"""

import os
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.seeds import chosen_seed

VARIABLE = "LATTICE_TORTURE_"


def sized(whole: int, quick: int) -> int:
    """How many, of whatever a long form takes many of."""
    return quick if _is_quick() else whole


def noted(document: str, row: int, figure: str, source: str) -> str:
    """The document with these in the line of that row."""
    lines = document.splitlines(keepends=True)
    [at] = [at for at, line in enumerate(lines) if line.startswith(f"| {row} |")]
    promise = lines[at].split("|")[2].strip()
    told = " ".join(figure.replace("|", "/").split())
    lines[at] = f"| {row} | {promise} | {told} | {source} |\n"
    return "".join(lines)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--note-figures", type=Path, help="write what the rows came to into this file")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("note_figures"):
        os.environ[f"{VARIABLE}SEED"] = str(chosen_seed())
    config.pluginmanager.register(_Rows(config), "rows of promises")


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`figures("10,000 cases: ...")` is told whether the test passes or not, and stands in the row
    when it does."""
    rows: _Rows = request.config.pluginmanager.getplugin("rows of promises")
    return lambda text: rows.tell(request.node, text)


class _Rows:
    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.figures: defaultdict[int, list[str]] = defaultdict(list)
        self.seconds: defaultdict[int, float] = defaultdict(float)
        self.tests: dict[str, list[int]] = {}
        """What is run, and for which rows."""
        self.passed: set[str] = set()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        wanted = {int(row) for row in os.environ.get(f"{VARIABLE}ROWS", "").split(",") if row}
        if wanted:
            left_out = [item for item in items if not wanted & set(_rows_of(item))]
            self.config.hook.pytest_deselected(items=left_out)
            items[:] = [item for item in items if item not in left_out]
        self.tests = {item.nodeid: _rows_of(item) for item in items}

    def tell(self, item: pytest.Item, text: str) -> None:
        for row in _rows_of(item):
            self.figures[row].append(text)
            if reporter := self.config.pluginmanager.getplugin("terminalreporter"):
                reporter.write_line(f"\nrow {row}: {text}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for row in self.tests.get(report.nodeid, ()):
            self.seconds[row] += report.duration
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)
        elif report.failed:
            self.passed.discard(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        path = self.config.getoption("note_figures")
        if path is None or _is_quick():
            return
        unproved = {row for test in self.tests.keys() - self.passed for row in self.tests[test]}
        for row in sorted(self.figures.keys() - unproved):
            figure, source = "; ".join(self.figures[row]), self._source(row)
            path.write_text(noted(path.read_text(), row, figure, source))

    def _source(self, row: int) -> str:
        said = {"ROWS": str(row)} | {
            name: given for name in ("SEED", "SIZE") if (given := os.environ.get(VARIABLE + name))
        }
        command = " ".join(["make torture", *(f"{name}={value}" for name, value in said.items())])
        today = f"{date.today():%-d %B %Y}"  # noqa: DTZ011 (as whoever runs it would say it)
        minutes = self.seconds[row] / 60
        return f"`{command}`, {today}, {minutes:.1f} minutes"


def _rows_of(item: pytest.Item) -> list[int]:
    return [row for mark in item.iter_markers("row") for row in mark.args]


def _is_quick() -> bool:
    return bool(os.environ.get(f"{VARIABLE}QUICK"))
