"""Texts to vectors, by the model the operator chose."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from apps.common.actors import Actor
from apps.inference.choices import Outcome
from apps.inference.errors import ModelAway, TextsRefused
from apps.inference.models import Use
from apps.inference.ports import EmbeddingModel, Vector, embedding_model
from apps.inference.rules import most_tokens
from apps.inference.services.uses import begin_use, end_use
from apps.ledger.services import in_unit

RESTS = 30.0
"""Seconds in which a model that was away is not asked by those with little patience for it. Each
process finds that out for itself."""
_rests_until: dict[str, float] = {}
"""By the name of the model, on the clock of time.monotonic."""


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """A vector for each text, in their order and of length 1."""

    vectors: tuple[Vector, ...]
    model: str
    dimensions: int
    tokens: int
    cost: Decimal


def embed(
    texts: Sequence[str],
    *,
    purpose: str,
    workspace: UUID,
    actor: Actor,
    patience: float | None = None,
) -> Embedded:
    """For whoever has looked whether this actor may. `purpose` is a label that usage is told by;
    `patience` are the seconds that somebody waits for a batch, instead of EMBEDDING_TIMEOUT.

    Raises BudgetSpent and ModelAway; while the kill switch is on, a model that is not local is not
    asked. That takes as long as a network takes, so never inside a unit of work.
    """
    model = embedding_model()
    if patience is not None and time.monotonic() < _rests_until.get(model.name, 0):
        raise ModelAway
    use = Use(
        workspace_id=workspace,
        actor_id=actor.actor_id,
        actor_kind=actor.actor_kind,
        model=model.name,
        purpose=purpose,
        texts=len(texts),
        outcome=Outcome.UNDER_WAY,
    )
    vectors: list[Vector] = []
    if texts:
        if not model.is_local:
            if in_unit():
                raise RuntimeError(f"{model.name} was asked inside a unit of work.")
            use.cost = (model.price() or 0) * most_tokens(texts)
            begin_use(use=use, actor=actor)
        _ask(model, texts, use, vectors, actor, patience)
    return Embedded(
        vectors=tuple(vectors),
        model=model.name,
        dimensions=model.dimensions,
        tokens=use.tokens,
        cost=use.cost,
    )


def _ask(
    model: EmbeddingModel,
    texts: Sequence[str],
    use: Use,
    vectors: list[Vector],
    actor: Actor,
    patience: float | None,
) -> None:
    """Batch by batch: what was answered before one fails was paid for."""
    began = time.monotonic()
    use.outcome = Outcome.FAILED
    try:
        for first in range(0, len(texts), model.at_once):
            answered = model.embed(texts[first : first + model.at_once], patience=patience)
            vectors += answered.vectors
            use.tokens += answered.tokens
        use.outcome = Outcome.DONE
        _rests_until.pop(model.name, None)
    except TextsRefused:
        raise
    except ModelAway:
        _rests_until[model.name] = time.monotonic() + RESTS
        raise
    finally:
        use.cost = (model.price() or 0) * use.tokens
        use.ms = round((time.monotonic() - began) * 1000)
        end_use(use=use, actor=actor)
