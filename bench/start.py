"""How soon `make run` is ready: in a fresh clone where nothing is installed, on an empty folder,
and on a folder that is there.

    .venv/bin/python -m bench.start [--rounds 3]

Each time from the command to the line that says so: by then PostgreSQL, Redis, web, worker, beat
and relay answer, and the demo is seeded. A fresh clone installs with an empty cache, beside one
that only installs; an empty folder is migrated and seeded; and a start on what is there stands
beside one bare process of ours, which only imports what the web process does. What is cloned is
what was committed. Goals: 120 s, and 8 s for a folder that is there, on 2 cores.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import ROOT
from tests.serving import free_port

READY = "Lattice is ready."
COLD, WARM = 120.0, 8.0


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.cache = folder, folder / "var", folder.with_suffix(".cache")
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)

    def make(self, *words: str) -> subprocess.Popen[str]:
        given = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABASE_", "REDIS_", "LATTICE_", "MAKE"))
        }
        return subprocess.Popen(
            ["make", *words, f"LATTICE_DATA_DIR={self.data}", f"PORT={free_port()}"],
            cwd=self.folder,
            env=given | {"XDG_CACHE_HOME": str(self.cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def started(self) -> float:
        """Seconds until it was ready. It is stopped then, and whenever it did not come so far."""
        began = time.monotonic()
        running = self.make("run")
        try:
            return self._until_ready(running) - began
        finally:
            self.make("stop").communicate()
            running.terminate()
            running.communicate()

    def _until_ready(self, running: subprocess.Popen[str]) -> float:
        assert running.stdout is not None
        said = []
        for line in running.stdout:
            if READY in line:
                return time.monotonic()
            said.append(line)
        sys.exit("It did not start:\n" + "".join(said))

    def done(self, target: str) -> float:
        began = time.monotonic()
        with self.make(target) as process:
            said = process.communicate()[0]
        if process.returncode:
            sys.exit(f"make {target}:\n{said}")
        return time.monotonic() - began

    def bare(self) -> float:
        began = time.monotonic()
        command = [".venv/bin/python", "-W", "ignore", "-c", "import config.asgi"]
        place = os.environ | {"LATTICE_DATA_DIR": str(self.data)}
        subprocess.run(command, cwd=self.folder, env=place, check=True, capture_output=True)
        return time.monotonic() - began


def measure(folder: Path, rounds: int) -> Iterator[Figure]:
    checkout = Checkout(folder / "clone")
    yield Figure(
        what="`make run` in a fresh clone, nothing installed",
        unit="s",
        value=checkout.started(),
        beside="`make install` in another",
        other=Checkout(folder / "other").done("install"),
        at_most=COLD,
    )
    empty, warm = [], []
    for number in range(rounds):
        checkout.data = folder / f"data {number}"
        empty.append((checkout.started(), checkout.bare()))
        warm.append((checkout.started(), checkout.bare()))
    for times, what, goal in ((empty, "empty folder", None), (warm, "folder that is there", WARM)):
        yield Figure.of(
            times,
            what=f"`make run` on {'an' if goal is None else 'a'} {what}",
            unit="s",
            beside="one bare process",
            at_most=goal,
        )


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--rounds", type=int, default=3)
    given = asked.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it stops what it has started
    with tempfile.TemporaryDirectory(prefix="lattice-start-") as folder:
        tell(measure(Path(folder), given.rounds), given)


if __name__ == "__main__":
    main()
