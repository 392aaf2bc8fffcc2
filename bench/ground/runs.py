"""What was measured last, program by program, and how docs/performance.md tells it. Who measures
one of them anew keeps what stands of the others.
"""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from apps.common.runtime.postgres import postgres_bin
from bench.ground.figures import COLUMNS, Figure

BEGIN, END = "<!-- Made by `make bench`. Do not edit. -->", "<!-- The end of what is made. -->"


@dataclass(frozen=True, kw_only=True)
class Run:
    program: str
    asks: str
    """In a sentence."""
    machine: str
    day: str
    seconds: float
    load: tuple[float, float]
    """Of the machine, when it began and when it ended: one core's work is 1."""
    figures: list[Figure] = field(default_factory=list)


def machine() -> str:
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    postgres = subprocess.run(
        [postgres_bin() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return (
        f"{cores} cores ({_processor()}), {memory:.0f} GB of memory, {platform.system()}, "
        f"Python {platform.python_version()}, PostgreSQL {postgres.stdout.split()[-1]}"
    )


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def read_runs(path: Path) -> dict[str, Run]:
    if not path.exists():
        return {}
    runs = [
        Run(
            **each
            | {
                "figures": [Figure(**figure) for figure in each["figures"]],
                "load": tuple(each["load"]),
            }
        )
        for each in json.loads(path.read_text())
    ]
    return {run.program: run for run in runs}


def write_runs(path: Path, runs: Mapping[str, Run]) -> None:
    found = [
        asdict(run) | {"figures": [figure.said for figure in run.figures]}
        for _, run in sorted(runs.items())
    ]
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


def made_anew(page: str, runs: Iterable[Run]) -> str:
    """The page with what it tells of these runs, and all that somebody wrote around that."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"The page has no place for figures: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{told(runs)}\n{END}{after}"


def told(runs: Iterable[Run]) -> str:
    """As Markdown: what was run, and every figure of it, for each machine it was run on."""
    machines: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.program):
        machines.setdefault(run.machine, []).append(run)
    return "\n".join(
        f"On {name}:\n\n{_runs(here)}\n{_figures(here)}" for name, here in machines.items()
    )


def _runs(runs: Iterable[Run]) -> str:
    rows = [
        (
            f"`{run.program}`",
            run.asks,
            run.day,
            f"{run.seconds:.0f} s",
            "{:.1f} → {:.1f}".format(*run.load),
        )
        for run in runs
    ]
    return _table(("program", "asks", "on", "took", "load"), rows)


def _figures(runs: Iterable[Run]) -> str:
    rows = [(f"`{run.program}`", *figure.cells) for run in runs for figure in run.figures]
    return _table(("", *COLUMNS), rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
