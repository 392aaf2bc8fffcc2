"""Events for tests about the ledger itself."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class BellRung(Event):
    type = "tests.bell.rung"
    bell: UUID
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BellTuned(Event):
    type = "tests.bell.tuned"
    settings: dict[str, Any]
