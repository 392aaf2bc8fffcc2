"""`make mutants`: take each guard away in turn, and see that the test it is listed with goes red.

Each is tried in a copy of the tree, in a database of its own. A race is won now and then by who
does not lock, so what stays green is tried again before it is said to survive.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from queue import SimpleQueue

from tests.guards.listed import Guard, of_the_source
from tests.guards.source import Place
from tests.migrated import ROOT
from tests.torture.rows import noted

AT_ONCE = 2
TRIES = 3
PATIENCE = 400
NOT_OF_THE_TEST = ("ImportError", "ModuleNotFoundError", "NameError", "SyntaxError", "TypeError")
"""A mutant that falls over by itself shows nothing about its test."""
SURVIVED = "SURVIVED"
RELIABILITY = ROOT / "docs" / "reliability.md"
REFUSALS = "tests/guards/test_refusals.py"

Outcomes = dict[str, tuple[str, str]]
"""How each test ended, by its id, and why."""


def main(only: list[str]) -> int:
    guards = [each for each in (*of_the_source(), *_of_the_database()) if _is_asked(each, only)]
    if not guards:
        print(f"No guard is called {' or '.join(only)}.")
        return 2
    with tempfile.TemporaryDirectory(prefix="lattice-mutants-") as folder:
        trees = [_copy(Path(folder, str(number))) for number in range(AT_ONCE)]
        green = trees[0].outcomes({guard.test for guard in guards}, "-n", str(AT_ONCE))
        if not green:
            print(trees[0].said.read_text())
            return 2
        dropped = trees[0].outcomes({guard.test for guard in guards if not guard.place}, "--away")
        free: SimpleQueue[Tree] = SimpleQueue()
        for tree in trees:
            free.put(tree)

        def judge(guard: Guard) -> str:
            if unsound := _unsound(guard, green):
                return unsound
            if guard.place is None:
                return _verdict({guard.test: dropped[guard.test]}) or SURVIVED
            tree = free.get()
            try:
                came = _tried(guard.test, guard.place, tree)
            finally:
                free.put(tree)
            print(f"{time.strftime('%T')}  {guard.name}: {came}", flush=True)
            return came

        with ThreadPoolExecutor(AT_ONCE) as pool:
            verdicts = list(pool.map(judge, guards))
    all_red = _tell(guards, verdicts)
    if all_red and not only:
        _write_down(len(guards))
    return 0 if all_red else 1


def _is_asked(guard: Guard, only: list[str]) -> bool:
    return not only or any(fnmatchcase(guard.name, pattern) for pattern in only)


def _of_the_database() -> Iterable[Guard]:
    """The names are the parameters of one test, which only pytest knows."""
    asked = [sys.executable, "-m", "pytest", "-q", "--collect-only", REFUSALS]
    collected = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for line in collected.splitlines():
        if line.startswith(f"{REFUSALS}::") and line.endswith("]"):
            yield Guard(line.split("[", 1)[1].removesuffix("]"), line)


@dataclass(frozen=True)
class Tree:
    root: Path

    @property
    def said(self) -> Path:
        return self.root.with_suffix(".txt")

    def outcomes(self, tests: Collection[str], *options: str) -> Outcomes:
        """Empty if it did not come to an end by itself."""
        if not tests:
            return {}
        told = self.root.with_suffix(".json")
        told.unlink(missing_ok=True)
        asked = [
            *(sys.executable, "-m", "pytest", "-q", "-p", "tests.guards.away"),
            *("--outcomes", str(told), "--timeout", "120", "-p", "no:cacheprovider"),
            *(*options, *sorted(tests)),
        ]
        with self.said.open("w") as said:
            run = subprocess.Popen(
                asked,
                cwd=self.root,
                env=os.environ | {"TMPDIR": str(self.root.parent)},
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            run.wait(None if "-n" in options else PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()
        ended: Outcomes = json.loads(told.read_text()) if told.exists() else {}
        return ended


def _copy(root: Path) -> Tree:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    for name in filter(None, tracked.decode().split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    (root / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)
    return Tree(root)


def _unsound(guard: Guard, green: Outcomes) -> str:
    came = {how for test, (how, _) in green.items() if _is_of(test, guard.test)}
    if came == {"passed"}:
        return ""
    return f"NOT SHOWN: with the guard the test is {' and '.join(sorted(came)) or 'not there'}"


def _is_of(test: str, named: str) -> bool:
    return test == named or test.startswith((f"{named}[", f"{named}::"))


def _tried(test: str, place: Place, tree: Tree) -> str:
    path = tree.root / place.file
    whole = path.read_text()
    path.write_text(place.without(whole))
    try:
        for _ in range(TRIES):
            came = tree.outcomes([test], "-x")
            if not came:
                return "NOT SHOWN: it did not come to an end"
            if verdict := _verdict(came):
                return verdict
    finally:
        path.write_text(whole)
    return SURVIVED


def _verdict(came: Outcomes) -> str:
    """Empty: all of it passed."""
    for test, (how, why) in came.items():
        if how == "red" and not why.startswith(NOT_OF_THE_TEST):
            return f"red ({test.rsplit('::')[-1]}: {why[:90]})"
        if how != "passed":
            return f"NOT SHOWN: {how}, {why[:200]}"
    return ""


def _tell(guards: list[Guard], verdicts: list[str]) -> bool:
    """Whether all went red."""
    print(f"\n{'guard':<64}  {'came to':<9}  test")
    counted: Counter[str] = Counter()
    for guard, verdict in zip(guards, verdicts, strict=True):
        word = verdict.split(":")[0].split(" (")[0]
        counted[word] += 1
        print(f"{guard.name:<64}  {word:<9}  {guard.test}")
    print(f"\n{len(guards)} guards: " + ", ".join(f"{n} {word}" for word, n in counted.items()))
    return counted["red"] == len(guards)


def _write_down(count: int) -> None:
    figure = f"{count} guards taken away one at a time: {count} times the test it names went red"
    source = f"`make mutants`, {time.strftime('%-d %B %Y')}"
    RELIABILITY.write_text(noted(RELIABILITY.read_text(), 18, figure, source))


if __name__ == "__main__":
    sys.exit(main([pattern for asked in sys.argv[1:] for pattern in asked.split(",") if pattern]))
