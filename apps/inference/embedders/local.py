"""The model that comes with Lattice: nothing leaves the machine, and nothing is paid."""

import threading
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING

from apps.inference.ports import Answered, embedding_models

if TYPE_CHECKING:
    from apps.inference.embedders.minilm import Minilm


class LocalModel:
    name = "local/all-MiniLM-L6-v2-int8"
    dimensions = 384
    is_local = True
    at_once = 1024

    def __init__(self) -> None:
        self._loaded: Minilm | None = None
        self._one_loads = threading.Lock()

    def price(self) -> Decimal:
        return Decimal(0)

    def embed(
        self,
        texts: Sequence[str],
        *,
        patience: float | None = None,  # noqa: ARG002
    ) -> Answered:
        vectors, tokens = self._minilm().embed(list(texts))
        return Answered(vectors=vectors, tokens=tokens)

    def _minilm(self) -> "Minilm":
        """Loaded once a process, by whoever asks first."""
        with self._one_loads:
            if self._loaded is None:
                self._loaded = import_module("apps.inference.embedders.minilm").Minilm()
            return self._loaded


LOCAL = LocalModel()

embedding_models["local"] = lambda: LOCAL
