"""Whether a chain is as it was written: found out for the console, and kept for its next reader.

It is kept in the cache, because nothing depends on it: without it, one verifies again.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from apps.ledger.models import Chain
from apps.ledger.verification import verify

MOST = 200_000
"""So many events are read while somebody waits for a page. Of more, the command tells."""
FRESH = timedelta(minutes=1)
KEPT = timedelta(days=30)


class Signed(BaseModel):
    number: int
    at: datetime


class Residual(BaseModel):
    events: int


class Facts(BaseModel):
    """What is shown of a verdict on one chain."""

    ok: bool
    events: int
    findings: list[dict[str, Any]]
    last_checkpoint: Signed | None
    residual: Residual


class Proof(BaseModel, frozen=True):
    at: datetime
    by: str
    """Who asked for it. Empty: nobody did, it is done for whoever opens the page."""
    whole: bool
    """From the first event on, and not only from the last checkpoint on."""
    seq: int
    facts: Facts

    @property
    def covered(self) -> int:
        """Up to this event, a signature outside the database vouches for the chain."""
        return max(0, self.seq - self.facts.residual.events)


def prove(workspace_id: UUID, *, whole: bool, by: str = "") -> Proof:
    chain = Chain.objects.filter(workspace_id=workspace_id).first()
    verdict = verify(workspace=workspace_id, since_checkpoint=not whole, recent_checkpoints=True)
    proof = Proof(
        at=timezone.now(),
        by=by,
        whole=whole,
        seq=chain.seq if chain else 0,
        facts=Facts.model_validate(verdict.facts_of_one_chain()),
    )
    keep(workspace_id, proof)
    return proof


def keep(workspace_id: UUID, proof: Proof) -> None:
    place = _place(workspace_id, whole=proof.whole)
    cache.set(place, proof.model_dump(mode="json"), KEPT.total_seconds())


def last_proof(workspace_id: UUID, *, whole: bool) -> Proof | None:
    try:
        return Proof.model_validate(cache.get(_place(workspace_id, whole=whole)))
    except ValidationError:
        return None  # there is none, or one of another version


def recent_proof(workspace_id: UUID) -> Proof:
    """Since the last checkpoint, of this minute."""
    found = last_proof(workspace_id, whole=False)
    if found and timezone.now() - found.at < FRESH:
        return found
    return prove(workspace_id, whole=False)


def _place(workspace_id: UUID, *, whole: bool) -> str:
    return f"audit-proof:{workspace_id}:{'whole' if whole else 'recent'}"
