"""What keeps vectors, and where those are registered. One is a file in backends/."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol
from uuid import UUID

from django.conf import settings

from apps.specs.search.statement import Near, Scope


@dataclass(frozen=True, kw_only=True)
class Meant:
    """A meaning that is looked for."""

    vector: Sequence[float]
    model: str
    scope: Scope
    most: int
    is_large: bool
    """There is so much in the workspace that not all of it should be compared."""


class Backend(Protocol):
    name: str
    embeds: bool
    """Whether there is anything to keep."""

    def keep(self, *, workspace: UUID, model: str, vectors: Mapping[int, Sequence[float]]) -> None:
        """By the ids of their passages, in place of any that were there. Called outside of a
        transaction, again when it had failed."""

    def kept(self, *, model: str, passages: Collection[int]) -> Mapping[int, Sequence[float]]:
        """Of those of them that this model's are kept of. Raises BackendAway."""

    def forget(
        self, *, workspace: UUID, passages: Collection[int] | None = None, but_of: str = ""
    ) -> None:
        """What is kept of these, or all that is kept for it, of any model `but_of` this one. Raises
        BackendAway."""

    def apart(self, *, workspace: UUID, model: str) -> Iterator[Sequence[int]]:
        """Passages that this model's are kept of where their rows do not take them along, some at a
        time. Raises BackendAway."""

    def grow(self, *, model: str, size: int, passages: int) -> None:
        """A workspace has so many now: whatever makes searching among them quick."""

    def near(self, meant: Meant, /) -> Near:
        """Raises BackendAway."""


backends: dict[str, Callable[[], Backend]] = {}
"""By what EMBEDDINGS_BACKEND says."""


def current_backend() -> Backend:
    name = settings.EMBEDDINGS_BACKEND
    if name not in backends:
        import_module(f"apps.specs.search.backends.{name}")
    return backends[name]()
