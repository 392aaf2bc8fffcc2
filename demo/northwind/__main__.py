"""python -m demo.northwind: propose until somebody stops it.

LATTICE_URL and LATTICE_KEY say where and as whom, or else demo.json in LATTICE_DATA_DIR (`var`),
which `make run` writes. What it must not forget stands beside that, in demo-agent.json.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from .agent import Agent
from .client import Client, Door, Refused
from .notebook import Notebook
from .script import SCRIPT

LOOKS_EVERY = 2.0


def door() -> Door | None:
    if "LATTICE_KEY" in os.environ:
        return Door(os.environ["LATTICE_URL"], os.environ["LATTICE_KEY"])
    try:
        facts = json.loads((_folder() / "demo.json").read_text())
        return Door(facts["url"], facts["agent"]["api_key"])
    except (OSError, ValueError, KeyError):  # the server is about to write it
        return None


def _folder() -> Path:
    return Path(os.environ.get("LATTICE_DATA_DIR", "var"))


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stop(_number: int, _frame: object) -> None:
    """At any moment: what counts is in the notebook already."""
    say("Stopping.")
    raise SystemExit(0)


def main() -> None:
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    kept = os.environ.get("LATTICE_NOTEBOOK") or _folder() / "demo-agent.json"
    pace = float(os.environ.get("LATTICE_PACE", "8"))
    agent = Agent(Client(door, say), Notebook(Path(kept)), SCRIPT, say, pace=pace)
    while True:
        try:
            agent.turn()
        except Refused as refusal:
            say(str(refusal))
        time.sleep(min(LOOKS_EVERY, pace))


if __name__ == "__main__":
    main()
