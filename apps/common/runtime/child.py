"""A process of Lattice under way: started, watched, started again."""

import os
import signal
import subprocess
import time
from pathlib import Path

from apps.common.runtime.programs import Program

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 30.0
STEADY = 60.0


class Child:
    def __init__(self, program: Program, log: Path, environment: dict[str, str], cwd: Path) -> None:
        self.name = program.name
        self.log = log
        self.failures = 0
        self._program = program
        self._environment = os.environ | environment
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._not_before = 0.0

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603
                ["setpriv", "--pdeathsig", "KILL", *self._program.command],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._cwd,
                env=self._environment,
                process_group=0,  # Ctrl-C is for the supervisor, which stops them in order
            )
        self._started = time.monotonic()

    def tend(self) -> str:
        """Start it again after a pause that grows while it keeps failing. Tells what happened."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._not_before:
                self.start()
            return ""
        code = self._process.poll()
        if code is None:
            return ""
        self.failures = 1 if now - self._started > STEADY else self.failures + 1
        pause = min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
        self._not_before = now + pause
        self._process = None
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return f"{self.name} {how}; it starts again in {pause:.1f} s. See {self.log}."

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None
