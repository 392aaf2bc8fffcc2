"""A child that may hold 256 MB and write no file reads cases of one format: `read_in_a_child`.

Run as a program it is that child: it prints its figures as JSON.
"""

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from config.env import ROOT

MEMORY = 256 * 1024 * 1024
SECONDS = 1.0
FORMATS = ("policies", "markdown", "front_matter", "reqif", "archives")
"""Modules beside this one: `case(start, number)` makes one, `read_case` says what came of it, and
raises whatever is neither a document nor a told refusal."""


def all_answered(form: str, *, cases: int, start: int, tell: Callable[[str], None]) -> None:
    """Within the bounds. What came of them is told also where they were not."""
    found = read_in_a_child(form, cases=cases, start=start)
    tell(
        f"{cases:,} spoiled {form.replace('_', ' ')} in a child of 256 MB that may write no file: "
        + ", ".join(f"{times:,} {how}" for how, times in sorted(found["came"].items()))
        + f", the slowest {found['slowest']:.2f} s of CPU (case {found['slowest_case']}), "
        f"{found['peak'] / 2**20:.0f} MB at most"
    )
    assert found["wrong"] == []
    assert sum(found["came"].values()) == cases
    assert found["slowest"] < SECONDS
    assert found["peak"] < MEMORY
    assert len(found["came"]) > 1, "all came to the same: that proves little"


def read_in_a_child(form: str, *, cases: int, start: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.malformed.child", form, str(cases), str(start)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _main(form: str, cases: int, start: int) -> None:
    spoiled = import_module(f"tests.malformed.{form}")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    came: Counter[str] = Counter()
    slowest, slowest_case, wrong = 0.0, -1, []
    for number in range(cases):
        case = spoiled.case(start, number)
        began = time.process_time()
        try:
            came[spoiled.read_case(case)] += 1
        except Exception as error:  # noqa: BLE001 (the finding itself)
            wrong.append(f"case {number}: {type(error).__name__}: {str(error)[:300]}")
        took = time.process_time() - began
        if took > slowest:
            slowest, slowest_case = took, number
    figures = {
        "came": came,
        "wrong": wrong[:20],
        "slowest": slowest,
        "slowest_case": slowest_case,
        "peak": _peak(),
    }
    print(json.dumps(figures))


def _peak() -> int:
    """Of this program: `ru_maxrss` would begin with what its parent had when it was started."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
