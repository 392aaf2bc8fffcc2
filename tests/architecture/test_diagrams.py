"""The diagrams and the ports in docs/architecture.md are those of the house as it stands."""

import re
from collections import defaultdict
from importlib import import_module

import grimp
import pytest

from apps.common.events import registry
from config.env import ROOT
from config.generated_docs import events_page
from config.subscriptions import SUBSCRIPTIONS
from tests.pages import blocks

ROOMS, STARTS = blocks("docs/architecture.md", "mermaid")
ARROW = re.compile(r"^ +(\w+) (?:-- (.+) )?--> (\w+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def below() -> dict[str, set[str]]:
    """The rooms that each room imports something of."""
    graph, found = grimp.build_graph("apps", cache_dir=None), defaultdict(set)
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            room, other = f"{importer}.".split(".")[1], f"{imported}.".split(".")[1]
            if room != other:
                found[room].add(other)
    return found


def test_an_arrow_leads_to_each_room_that_no_other_one_leads_to(below):
    def reached(room):
        return below[room].union(*map(reached, below[room])) if below[room] else set()

    needed = {
        (room, other)
        for room in list(below)
        for other in below[room]
        if not any(other in reached(between) for between in below[room])
    }
    assert {(room, other) for room, _, other in ARROW.findall(ROOMS.text)} == needed


def test_arrows_of_events_are_the_subscriptions():
    events_page()  # it reads all events
    started = defaultdict(set)
    for name, tasks in SUBSCRIPTIONS.items():
        room = registry[name].__module__.split(".")[1]
        *_, thing, _ = name.split(".")
        for task in tasks:
            started[room, task.split(".")[0]].add(thing)
    drawn = {
        (room, other): set(said.split(", ")) for room, said, other in ARROW.findall(STARTS.text)
    }
    assert drawn == started


def test_the_ports_that_are_told_of_are_those_there_are():
    told = set()
    text = (ROOT / "docs" / "architecture.md").read_text()
    for cell in re.findall(r"^\| (`[\w.]+\.ports\..+?) \|", text, re.MULTILINE):
        first, *others = re.findall(r"`([\w.]+)`", cell)
        place = first.rpartition(".")[0]
        told |= {first, *(f"{place}.{name}" for name in others)}
    there_are = set()
    for path in (ROOT / "apps").rglob("ports.py"):
        place = ".".join(path.relative_to(ROOT / "apps").with_suffix("").parts)
        ports = vars(import_module(f"apps.{place}"))
        there_are |= {
            f"{place}.{name}"
            for name in ports.get("__annotations__", {})
            if isinstance(ports[name], list | dict | set)
        }
    assert told == there_are
