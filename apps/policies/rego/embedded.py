"""Rego policies from a folder, evaluated on this machine by a process that can be ended."""

import atexit
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Lock

from apps.policies.rego.answers import Answer

EVALUATOR = Path(__file__).with_name("evaluator.py")
LONGEST_ANSWER = 1000


class Evaluator:
    """One process for one folder. Whoever finds it slow or torn ends it; the next asker starts one
    anew."""

    def __init__(self, folder: Path) -> None:
        self._ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", str(EVALUATOR), str(folder)],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )

    def ask(self, question: bytes, until: float) -> Answer:
        self._ours.settimeout(_left(until))
        self._ours.sendall(question + b"\n")
        said = b""
        while not said.endswith(b"\n"):
            self._ours.settimeout(_left(until))
            piece = self._ours.recv(LONGEST_ANSWER)
            said += piece
            if not piece or len(said) > LONGEST_ANSWER:
                raise ConnectionError("The evaluator ended.")
        return Answer(said.strip().strip(b'"').decode())

    def forget(self) -> None:
        """In a forked process, where it is somebody else's."""
        self._ours.close()
        self._process.returncode = 0

    def end(self) -> None:
        self._ours.close()
        self._process.kill()
        self._process.wait()


_evaluators: dict[Path, Evaluator] = {}
_lock = Lock()


def ask(question: bytes, *, folder: Path, patience: float) -> Answer:
    """Raises TimeoutError or OSError; whoever asks takes both for a no."""
    until = time.monotonic() + patience
    if not _lock.acquire(timeout=patience):
        raise TimeoutError
    try:
        evaluator = _evaluators.get(folder)
        if evaluator is None:
            evaluator = _evaluators[folder] = Evaluator(folder)
        try:
            return evaluator.ask(question, until)
        except BaseException:
            _evaluators.pop(folder).end()
            raise
    finally:
        _lock.release()


def end_evaluators() -> None:
    with _lock:
        while _evaluators:
            _evaluators.popitem()[1].end()


def _forget_evaluators() -> None:
    global _lock
    _lock = Lock()
    while _evaluators:
        _evaluators.popitem()[1].forget()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


atexit.register(end_evaluators)
os.register_at_fork(after_in_child=_forget_evaluators)
