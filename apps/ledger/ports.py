"""Where higher rooms plug in to hear that something was recorded."""

from collections.abc import Callable, Mapping
from uuid import UUID

Poke = Callable[[Mapping[UUID, int]], None]

pokes: list[Poke] = []
"""Called after a commit with the last seq of each workspace it added to. A poke only wakes: it may
be lost in a crash, so whoever listens also looks for itself now and then."""
