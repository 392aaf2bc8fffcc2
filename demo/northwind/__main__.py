"""python -m demo.northwind: propose until somebody stops it.

LATTICE_URL and LATTICE_KEY say where and as whom; or else the file that is named, as `make run`
writes it (var/demo.json). It is read again and again: a server may come back elsewhere.
"""

import argparse
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


def door_in(facts: Path | None) -> Door | None:
    if facts is None:
        return Door(os.environ["LATTICE_URL"], os.environ["LATTICE_KEY"])
    try:
        told = json.loads(facts.read_text())
        return Door(told["url"], told["agent"]["api_key"])
    except (OSError, ValueError, KeyError):  # the server is about to write it
        return None


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
    asked = argparse.ArgumentParser(description="Propose to a shop's specs until stopped.")
    asked.add_argument("facts", type=Path, nargs="?", help="Such as var/demo.json.")
    asked.add_argument("--notebook", type=Path, default=Path("northwind.json"))
    asked.add_argument("--pace", type=float, default=8.0, help="Seconds between two proposals.")
    given = asked.parse_args()
    client = Client(lambda: door_in(given.facts), say)
    agent = Agent(client, Notebook(given.notebook), SCRIPT, say, pace=given.pace)
    while True:
        try:
            agent.turn()
        except Refused as refusal:
            say(str(refusal))
        time.sleep(min(LOOKS_EVERY, given.pace))


if __name__ == "__main__":
    main()
