"""The guards of every app: its guards.toml, which names each with the test that protects it."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.guards.source import Place, locks
from tests.migrated import ROOT

TABLES = {"locks", "checks", "aside"}


@dataclass(frozen=True)
class Guard:
    name: str
    test: str
    place: Place | None = None
    """Of one that the source has. Others are PostgreSQL's."""


def lists() -> Iterator[tuple[str, dict]]:
    for path in sorted(ROOT.glob("apps/*/guards.toml")):
        listed = tomllib.loads(path.read_text())
        assert listed.keys() <= TABLES, f"{path}: what is {listed.keys() - TABLES}?"
        yield path.parent.name, listed


def of_the_source() -> Iterator[Guard]:
    for app, listed in lists():
        held = locks(app)
        for name, test in listed.get("locks", {}).items():
            yield Guard(f"{app}.{name}", test, held[name])
        for name, check in listed.get("checks", {}).items():
            yield Guard(f"{app}: {name}", check["test"], _found(app, name, check))


def _found(app: str, name: str, check: dict) -> Place:
    path = Path("apps", app, check["file"])
    text = (ROOT / path).read_text()
    times = text.count(check["guard"])
    assert times == 1, f"“{name}” stands {times} times in {path}: {check['guard']}"
    begin = text.index(check["guard"])
    return Place(str(path), begin, begin + len(check["guard"]), check["without"])
