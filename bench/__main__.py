"""Measure all that is measured, one program after the other, and tell it in docs/performance.md.

    .venv/bin/python -m bench [--only record,graph] [--minutes 6] [--whole]

A program that crashes, or takes longer than it may, leaves what was measured of it before, and the
others go on. A goal that is not met is a finding, not a failure.
"""

import argparse
import ast
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.ground.figures import read, show
from bench.ground.house import ROOT
from bench.ground.runs import Run, machine, made_anew, read_runs, write_runs

HERE = ROOT / "bench"
KEPT = HERE / "measured.json"
PAGE = ROOT / "docs" / "performance.md"
PROGRAMS = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
SHORTER = {
    "search": ("--sections", "20000", "--real", "1000", "--questions", "200", "--rounds", "50"),
}
"""Sizes of what takes many minutes by itself."""
GRACE = 60
"""Seconds to stop what it has started."""


def measured(program: str, sizes: Sequence[str], minutes: float) -> Run | None:
    """None where it did not come to its end."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        began, load = time.monotonic(), round(os.getloadavg()[0], 1)
        command = [sys.executable, "-m", f"bench.{program}", *sizes, "--json", str(file)]
        if not ended_well(command, minutes):
            return None
        return Run(
            program=program,
            asks=first_paragraph((HERE / f"{program}.py").read_text()),
            machine=machine(),
            day=datetime.now(UTC).date().isoformat(),
            seconds=round(time.monotonic() - began),
            load=(load, round(os.getloadavg()[0], 1)),
            figures=read(file),
        )


def ended_well(command: list[str], minutes: float) -> bool:
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        return process.wait(minutes * 60) == 0
    except subprocess.TimeoutExpired:
        print(f"It is ended after {minutes:g} minutes.", flush=True)
        return False
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Let it stop what it has started, and do it for it where it does not."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def first_paragraph(module: str) -> str:
    said = ast.get_docstring(ast.parse(module)) or ""
    return " ".join(said.partition("\n\n")[0].split())


def main() -> int:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--only", default="", help="names, with commas between them")
    asked.add_argument("--minutes", type=float, default=6, help="that one program may take")
    asked.add_argument("--whole", action="store_true", help="nothing in a smaller size")
    given = asked.parse_args()
    wanted = given.only.split(",") if given.only else PROGRAMS
    if unknown := set(wanted) - set(PROGRAMS):
        asked.error(f"There is no {', '.join(sorted(unknown))}; there are {', '.join(PROGRAMS)}.")
    failed = []
    for program in wanted:
        print(f"\n== {program}", flush=True)
        sizes = () if given.whole else SHORTER.get(program, ())
        run = measured(program, sizes, given.minutes)
        if run is None:
            failed.append(program)
            continue
        runs = read_runs(KEPT) | {program: run}
        write_runs(KEPT, runs)
        PAGE.write_text(made_anew(PAGE.read_text(), runs.values()))
    print()
    runs = read_runs(KEPT)
    show(figure for program in wanted if program in runs for figure in runs[program].figures)
    if failed:
        print(f"Crashed or ended, so what was measured of them before stays: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
