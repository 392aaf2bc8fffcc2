"""What does harm at moments that a seed draws, and counts it."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

from tests.wires import Wire

MOMENT = 0.5


class Nemesis(threading.Thread):
    """Does one of these, again and again, about every so many seconds."""

    def __init__(
        self, injuries: Mapping[str, Callable[[], None]], *, seed: int, every: float = 1.0
    ) -> None:
        super().__init__()
        self.injuries, self.every, self.chance = injuries, every, random.Random(seed)
        self.ended = threading.Event()
        self.done: Counter[str] = Counter()

    def run(self) -> None:
        while not self.ended.wait(self.chance.uniform(0, 2 * self.every)):
            name = self.chance.choice(sorted(self.injuries))
            self.injuries[name]()
            self.done[name] += 1

    def __enter__(self) -> "Nemesis":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()

    def __str__(self) -> str:
        return ", ".join(f"{name} {times} times" for name, times in sorted(self.done.items()))


def freeze(pid: int) -> None:
    """For a moment."""
    os.kill(pid, signal.SIGSTOP)
    time.sleep(MOMENT)
    os.kill(pid, signal.SIGCONT)


def slow_down(wire: Wire) -> None:
    """For a moment."""
    wire.delay = MOMENT / 5
    time.sleep(MOMENT)
    wire.delay = 0.0
