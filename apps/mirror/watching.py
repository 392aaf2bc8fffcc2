"""A folder watched: whatever moves there or in the workspace, both are made alike again. Only that
something has moved is taken from the watch, so nothing is lost with an event.
"""

import os
import threading
from collections.abc import Callable
from math import inf
from pathlib import Path
from time import monotonic

import structlog
from django.db import InterfaceError, OperationalError, connection
from watchfiles import Change, watch

from apps.common.errors import DomainError
from apps.specs.paper.reading import Unreadable

log = structlog.get_logger("lattice.mirror")

SETTLED = 50
"""Milliseconds without another event, after which a burst of them is over."""
LONGEST_BURST = 400
LOOK_EVERY = 1_000
"""Milliseconds between looks at the workspace."""
PAUSE = 2.0
"""Seconds after the folder, or the database, could not be read."""
SOONEST, LATEST = 1.0, 60.0
"""Seconds until what was left is looked at again: each time twice as many."""


class Looks:
    """Where something was left, it is looked at again although nothing moves, ever more seldom."""

    def __init__(self, look: Callable[[], bool], clock: Callable[[], float] = monotonic) -> None:
        self._look, self._clock = look, clock
        self._pause, self._due = 0.0, inf

    def look(self) -> None:
        if self._look():
            self._pause = min(max(SOONEST, 2 * self._pause), LATEST)
            self._due = self._clock() + self._pause
        else:
            self._pause, self._due = 0.0, inf

    @property
    def is_due(self) -> bool:
        return self._clock() >= self._due


def keep_watching(
    folder: Path,
    *,
    look: Callable[[], bool],
    is_due: Callable[[], bool],
    ended: threading.Event,
) -> None:
    """`look` compares everything, and says whether something was left; `is_due`: whether the
    workspace has moved."""
    looks = Looks(look)
    while not ended.is_set():
        try:
            looks.look()
            _watch(folder, looks, is_due, ended)
        except (OperationalError, InterfaceError) as error:
            log.warning("mirror pauses", reason=type(error).__name__)
            connection.close()
            ended.wait(PAUSE)
        except (Unreadable, OSError, DomainError) as error:
            log.warning("mirror pauses", reason=str(error))
            ended.wait(PAUSE)


def _watch(folder: Path, looks: Looks, is_due: Callable[[], bool], ended: threading.Event) -> None:
    def is_ours(_: Change, path: str) -> bool:
        near = Path(path).relative_to(folder)
        return not any(step.startswith(".") for step in near.parts)

    watched, is_new = _folders(folder), True
    for changes in watch(
        *watched,
        watch_filter=is_ours,
        recursive=False,
        ignore_permission_denied=True,
        debounce=LONGEST_BURST,
        step=SETTLED,
        rust_timeout=LOOK_EVERY,
        yield_on_timeout=True,
        stop_event=ended,
        raise_interrupt=False,
    ):
        if changes or is_new or looks.is_due or is_due():
            looks.look()
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} is not there any more.")
        if changes and watched != _folders(folder):
            return
        is_new = False  # what moved before the watch began has been seen, too


def _folders(folder: Path) -> list[str]:
    """Each that is read. A watch of all that is below would go along links out of it, and end at
    what it may not read."""
    found = []
    for above, folders, _ in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.append(above)
    return found
