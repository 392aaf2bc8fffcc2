"""Specs are searched by their words alone."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from apps.specs.search.ports import Meant, backends
from apps.specs.search.statement import NOTHING_NEAR, Near


class NoBackend:
    name = "none"
    embeds = False

    def keep(self, *, workspace: UUID, model: str, vectors: Mapping[int, Sequence[float]]) -> None:
        """Nothing is handed to it."""

    def kept(self, **_: object) -> Mapping[int, Sequence[float]]:
        return {}

    def forget(
        self, *, workspace: UUID, passages: Collection[int] | None = None, but_of: str = ""
    ) -> None:
        """There is nothing."""

    def apart(self, **_: object) -> Iterator[Sequence[int]]:
        return iter(())

    def grow(self, *, model: str, size: int, passages: int) -> None:
        """Nothing is kept that could grow."""

    def near(self, _: Meant) -> Near:
        return NOTHING_NEAR


backends["none"] = NoBackend
