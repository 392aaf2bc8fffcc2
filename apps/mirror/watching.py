"""A folder watched: whatever moves there or in the workspace, both are made alike again. Only that
something has moved is taken from the watch, so nothing is lost with an event.
"""

import threading
from collections.abc import Callable
from pathlib import Path

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


def keep_watching(
    folder: Path,
    *,
    look: Callable[[], None],
    is_due: Callable[[], bool],
    ended: threading.Event,
) -> None:
    """`look` compares everything; `is_due`: whether the workspace has moved."""
    while not ended.is_set():
        try:
            look()
            _watch(folder, look, is_due, ended)
        except (OperationalError, InterfaceError) as error:
            log.warning("mirror pauses", reason=type(error).__name__)
            connection.close()
            ended.wait(PAUSE)
        except (Unreadable, OSError, DomainError) as error:
            log.warning("mirror pauses", reason=str(error))
            ended.wait(PAUSE)


def _watch(
    folder: Path, look: Callable[[], None], is_due: Callable[[], bool], ended: threading.Event
) -> None:
    def is_ours(_: Change, path: str) -> bool:
        near = Path(path).relative_to(folder)
        return not any(step.startswith(".") for step in near.parts)

    for changes in watch(
        folder,
        watch_filter=is_ours,
        debounce=LONGEST_BURST,
        step=SETTLED,
        rust_timeout=LOOK_EVERY,
        yield_on_timeout=True,
        stop_event=ended,
        raise_interrupt=False,
    ):
        if changes or is_due():
            look()
        if not folder.is_dir():
            raise FileNotFoundError(f"{folder} is not there any more.")
