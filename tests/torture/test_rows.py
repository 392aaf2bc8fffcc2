"""A run writes what its rows came to, of those that hold, and nothing else."""

import re
import subprocess
import sys
from datetime import date

import pytest

from config.env import ROOT
from tests.torture.rows import noted

DOCUMENT = """\
| row | promise | figure | from |
|---|---|---|---|
| 1 | Nothing is lost | before | `elsewhere` |
| 2 | It is quick | before | `elsewhere` |
| 3 | It fails | before | `elsewhere` |
| 13 | It is not run | before | `elsewhere` |
"""
TESTS = """
import pytest

@pytest.mark.torture
@pytest.mark.row(1)
@pytest.mark.parametrize("name", ["here", "there"])
def test_one(figures, name):
    figures(f"{name}: lost 0 | 1")

@pytest.mark.row(2)
def test_two(figures):
    figures("4 s")

@pytest.mark.row(3)
@pytest.mark.parametrize("much", [1, 2])
def test_three(figures, much):
    figures("told")
    assert much == 2
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs these tests as `make torture` does. The rows of the document afterwards, and what was
    printed."""
    document, tests = tmp_path / "reliability.md", tmp_path / "test_promises.py"
    document.write_text(DOCUMENT)
    tests.write_text(TESTS)

    def go(**given):
        for name in ("ROWS", "SEED", "SIZE", "QUICK"):
            monkeypatch.setenv(f"LATTICE_TORTURE_{name}", given.get(name, ""))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-s", "-p", "tests.torture.rows"),
                *("-p", "no:randomly", "-c", "/dev/null", "--rootdir", tmp_path, "-W", "ignore"),
                *("--note-figures", document, tests),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return document.read_text().splitlines()[2:], done.stdout

    return go


def test_rows_that_hold_are_written_and_others_are_kept(run):
    rows, said = run(SEED="7")
    today = f"{date.today():%-d %B %Y}"  # noqa: DTZ011
    assert rows[0] == (
        "| 1 | Nothing is lost | here: lost 0 / 1; there: lost 0 / 1 |"
        f" `make torture ROWS=1 SEED=7`, {today}, 0.0 minutes |"
    )
    assert rows[1].startswith("| 2 | It is quick | 4 s | `make torture ROWS=2 SEED=7`")
    assert rows[2:] == DOCUMENT.splitlines()[4:]
    assert "row 3: told" in said, "what fails is told, too"


def test_rows_are_chosen_and_chance_starts_at_one_place_for_all(run):
    rows, said = run(ROWS="2,13")
    assert rows[0] == DOCUMENT.splitlines()[2]
    [seed] = re.findall(r"LATTICE_TORTURE_SEED=(\d+)", said)
    assert f"ROWS=2 SEED={seed}`" in rows[1]


def test_a_quick_run_writes_nothing(run):
    rows, said = run(QUICK="1", SEED="7")
    assert rows == DOCUMENT.splitlines()[2:]
    assert "row 2: 4 s" in said


def test_every_row_that_a_test_proves_stands_in_the_document():
    document = (ROOT / "docs" / "reliability.md").read_text()
    marked = {
        int(row)
        for path in (ROOT / "tests").rglob("test_*.py")
        if path.name != "test_rows.py"
        for row in re.findall(r"\bmark\.row\((\d+)\)", path.read_text())
    }
    assert len(marked) > 10
    for row in marked:
        assert noted(document, row, "found", "here") != document
