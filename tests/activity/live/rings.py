"""An event for tests, and whoever makes it happen."""

from dataclasses import dataclass

from apps.common.actors import SYSTEM
from apps.common.events import Event
from apps.ledger.services import record, unit
from tests.databases import off_loop


@dataclass(frozen=True, kw_only=True)
class BellRung(Event):
    type = "tests.tower.rung"
    number: int
    note: str = ""


def ring(workspace, times=1, *, note="", first=1):
    """So many events, each of a commit of its own."""
    for number in range(first, first + times):
        with unit(actor=SYSTEM, workspace=workspace.id):
            record(BellRung(number=number, note=note))


async def ring_later(workspace, times=1, **kwargs):
    await off_loop(ring, workspace, times, **kwargs)
