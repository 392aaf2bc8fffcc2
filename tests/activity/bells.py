"""Events for tests of those who are told of events."""

from dataclasses import dataclass
from uuid import UUID

from apps.common.actors import SYSTEM
from apps.common.events import Event
from apps.common.ids import uuid7
from apps.ledger import models
from apps.ledger.services import record, unit


@dataclass(frozen=True, kw_only=True)
class BellRung(Event):
    type = "tests.tower.bell_rung"
    bell: UUID


@dataclass(frozen=True, kw_only=True)
class BellAnswered(Event):
    type = "tests.tower.bell_answered"
    bell: UUID | str


def ring(workspace: UUID, times: int = 1) -> list[UUID]:
    bells = [uuid7() for _ in range(times)]
    for bell in bells:
        with unit(actor=SYSTEM, workspace=workspace):
            record(BellRung(bell=bell))
    return bells


def answered() -> list[str]:
    """The bells that were answered, in order, as often as they were."""
    found = models.Event.objects.filter(type=BellAnswered.type).order_by("workspace_id", "seq")
    return [event.payload["bell"] for event in found]
