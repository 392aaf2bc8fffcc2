"""Figures and their goals, and the page that tells them."""

import json
import sys
from importlib import import_module
from typing import Any

import pytest

from bench.__main__ import HERE, KEPT, PAGE, PROGRAMS, SHORTER, ended_well, first_paragraph
from bench.ground.figures import Figure, arguments, read, shown, tell
from bench.ground.runs import BEGIN, END, Run, made_anew, read_runs, write_runs

PLACE = f"# Speed\n\nBefore.\n\n{BEGIN}\n{END}\n\nAfter.\n"


def run(program, *figures, machine="2 cores", **more):
    said: dict[str, Any] = {
        "asks": "How fast.",
        "day": "2026-11-21",
        "seconds": 61.4,
        "load": (0.4, 2.16),
    } | more
    return Run(program=program, machine=machine, figures=list(figures), **said)


@pytest.mark.parametrize(
    ("said", "goal", "is_met"),
    [
        ({}, "", None),
        ({"at_most": 150}, "≤ 150 ms", True),
        ({"at_most": 99.5}, "≤ 99.5 ms", False),
        ({"at_least": 100}, "≥ 100 ms", True),
        ({"at_least": 101}, "≥ 101 ms", False),
        ({"ratio": 0.5, "ratio_at_least": 0.45}, "ratio ≥ 0.45", True),
        ({"ratio": 0.44, "ratio_at_least": 0.45}, "ratio ≥ 0.45", False),
        ({"ratio": 0, "ratio_at_most": 0}, "ratio ≤ 0", True),
        ({"ratio": 0.1, "ratio_at_most": 0}, "ratio ≤ 0", False),
        ({"ratio_at_most": 2}, "ratio ≤ 2", False),
        ({"at_most": 150, "ratio": 11, "ratio_at_most": 10}, "≤ 150 ms, ratio ≤ 10", False),
        ({"at_most": 99, "ratio": 9, "ratio_at_most": 10}, "≤ 99 ms, ratio ≤ 10", False),
        ({"at_most": 100, "ratio": 10, "ratio_at_most": 10}, "≤ 100 ms, ratio ≤ 10", True),
    ],
)
def test_a_goal_is_met_where_all_of_it_is(said, goal, is_met):
    figure = Figure(what="a page", value=100, **said)
    assert (figure.goal, figure.is_met) == (goal, is_met)


def test_of_alternating_rounds_the_middle_one_of_the_ratios_counts():
    figure = Figure.of([(1, 1), (20, 40), (9, 3)], what="a page", beside="bare")
    assert (figure.value, figure.other, figure.ratio) == (9, 3, 1)


def test_a_figure_beside_another_has_their_ratio():
    assert Figure(what="a page", value=3, other=4).ratio == 0.75
    assert Figure(what="a page", value=3, other=0).ratio is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (3, "3"),
        (0.00001, "0"),
        (0.045, "0.045"),
        (0.4512, "0.451"),
        (9.96, "9.96"),
        (99.96, "100"),
        (123.5, "124"),
        (1234567.8, "1,234,568"),
    ],
)
def test_a_number_is_as_exact_as_it_is_worth(number, text):
    assert shown(number) == text


def test_a_program_tells_its_figures_and_writes_them_where_it_is_asked(tmp_path, capsys):
    figures = [
        Figure(what="recorded", value=12.5, unit="a second", at_least=20),
        Figure(what="found", value=0.8, unit=""),
        Figure(what="kept", value=3, beside="bare", other=1.5, ratio=2, ratio_at_most=2),
    ]
    file = tmp_path / "figures.json"
    tell(iter(figures), arguments("").parse_args(["--json", str(file)]))
    assert read(file) == figures
    recorded, kept = (line for line in capsys.readouterr().out.splitlines() if "met" in line)
    assert ("12.5 a second" in recorded, "not met" in recorded) == (True, True)
    assert ("bare, 1.5 ms" in kept, "not met" in kept) == (True, False)


def test_what_is_measured_anew_takes_the_place_of_what_was(tmp_path):
    kept = tmp_path / "measured.json"
    assert read_runs(kept) == {}
    graph, record = (run(name, Figure(what=name, value=1)) for name in ("graph", "record"))
    write_runs(kept, {"record": record, "graph": graph})
    again = run("graph", Figure(what="graph", value=2), seconds=9.0)
    write_runs(kept, read_runs(kept) | {"graph": again})
    assert read_runs(kept) == {"graph": again, "record": record}


def test_the_page_tells_every_run_and_keeps_what_somebody_wrote():
    met = Figure(what="an event", value=7, beside="bare", other=14, ratio=0.5, ratio_at_least=0.45)
    missed = Figure(what="a page", value=151, at_most=150)
    page = made_anew(PLACE, [run("record", met), run("console", missed)])
    assert page.startswith("# Speed\n\nBefore.\n\n")
    assert page.endswith("\n\nAfter.\n")
    assert "| `record` | How fast. | 2026-11-21 | 61 s | 0.4 → 2.2 |" in page
    assert "| `record` | an event | 7 ms | bare, 14 ms | 0.5 | ratio ≥ 0.45 | met |" in page
    assert "| `console` | a page | 151 ms |  |  | ≤ 150 ms | **not met** |" in page
    assert page.index("`console`") < page.index("`record`")
    assert made_anew(page, [run("record", met), run("console", missed)]) == page


def test_figures_of_another_machine_stand_apart():
    figure = Figure(what="an event", value=7)
    page = made_anew(PLACE, [run("graph", figure), run("record", figure, machine="64 cores")])
    first, second = page.split("On 64 cores:")
    assert "On 2 cores:" in first
    assert ("`graph`" in first, "`record`" in first) == (True, False)
    assert ("`graph`" in second, "`record`" in second) == (False, True)


def test_a_page_without_a_place_for_figures_is_not_written_over():
    for page in ("# Speed\n", f"# Speed\n{BEGIN}\n"):
        with pytest.raises(ValueError, match="no place for figures"):
            made_anew(page, [])


def test_a_program_says_in_its_first_paragraph_what_it_asks():
    assert first_paragraph('"""How fast,\nand why.\n\nMore."""\n') == "How fast, and why."


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_says_what_it_asks_and_can_be_run(program):
    module = import_module(f"bench.{program}")
    assert first_paragraph((HERE / f"{program}.py").read_text()).endswith(".")
    assert callable(module.main)


@pytest.mark.parametrize(
    ("program", "minutes", "ends_well"),
    [
        ("", 1, True),
        ("raise SystemExit(1)", 1, False),
        ("import time; time.sleep(60)", 0.01, False),
    ],
)
def test_a_program_ends_well_by_itself_in_its_time(program, minutes, ends_well):
    assert ended_well([sys.executable, "-c", program], minutes) == ends_well


def test_what_is_measured_is_a_program():
    assert {*read_runs(KEPT), *SHORTER} <= {*PROGRAMS}


def test_the_page_of_this_house_tells_what_was_measured():
    assert json.loads(KEPT.read_text()), "nothing was measured"
    page = PAGE.read_text()
    assert made_anew(page, read_runs(KEPT).values()) == page
