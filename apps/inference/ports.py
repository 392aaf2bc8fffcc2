"""What a model is to those who ask it, and where models are registered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from django.conf import settings

Vector = tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A vector for each text, in their order and of length 1, and what that took."""

    vectors: list[Vector]
    tokens: int


class EmbeddingModel(Protocol):
    """Cheap to make: whatever is heavy is loaded when it is first asked."""

    name: str
    """As it stands on rows: vectors of one name can be compared, of two they cannot."""
    dimensions: int
    is_local: bool
    """Its answers cost nothing and come at once, so it may be asked inside a unit of work."""
    at_once: int
    """How many texts it is given at once."""

    def price(self) -> Decimal | None:
        """US dollars for a token. None: nobody has said, and it counts as nothing."""

    def embed(self, texts: Sequence[str], *, patience: float | None = None) -> Answered:
        """Raises ModelAway, after so many seconds at the latest. None: as the operator says."""


class ModelName(NamedTuple):
    name: str
    dimensions: int


embedding_models: dict[str, Callable[[], EmbeddingModel]] = {}
"""By what EMBEDDING_MODEL says."""
ANY_OTHER = "*"
"""The entry for whatever has none of its own."""


def embedding_model() -> EmbeddingModel:
    make = embedding_models.get(settings.EMBEDDING_MODEL) or embedding_models[ANY_OTHER]
    return make()


def current_embedding_model() -> ModelName:
    """Which one embeds now, without loading it."""
    model = embedding_model()
    return ModelName(model.name, model.dimensions)
