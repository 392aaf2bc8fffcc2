"""An event for tests."""

from dataclasses import dataclass

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class BellRung(Event):
    type = "tests.tower.rung"
    number: int
    note: str = ""
