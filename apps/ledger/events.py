"""What the ledger itself says."""

from dataclasses import dataclass
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class EpochBegun(Event):
    type = "ledger.epoch.begun"
    sentence = "A new epoch of the record began: {reason}"
    epoch: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class DeliveriesReplayed(Event):
    """An operator had what was parked started again: so many of each subscription."""

    type = "ledger.deliveries.replayed"
    sentence = "{actor} had parked deliveries started again"
    counts: dict[str, int]
