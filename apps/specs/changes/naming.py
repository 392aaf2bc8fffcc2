"""Where names lead while a proposal gives new ones, and the keys it gives of itself."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from uuid import UUID

from apps.specs.changes.playing import Stage
from apps.specs.changes.values import Excerpt, NodeState
from apps.specs.changes.wrongs import Consequence, Wrong
from apps.specs.choices import NodeKind

_TRIES = 1000
_DOCUMENT = 45
_SLUG = 25
"""Characters of a section's key: so there is room for a number."""


class Names:
    def __init__(self, excerpt: Excerpt, stage: Stage) -> None:
        self._excerpt = excerpt
        self._stage = stage
        self._given: dict[str, UUID] = {}
        self._missed: set[str] = set()

    def found(self, name: str, field: str) -> NodeState:
        node = self._led_to(name)
        if node is None:
            if name.casefold() in self._missed:
                raise Consequence
            raise Wrong(field, f"There is no `{name}` here.", "unknown")
        return self._stage.nodes[node]

    def live(self, name: str, field: str) -> NodeState:
        node = self.found(name, field)
        if not node.is_live:
            raise Wrong(field, f"{node.key} was deleted: restore it first.", "deleted")
        return node

    def give(self, key: str, node: UUID) -> None:
        self._given[key.casefold()] = node

    def miss(self, key: str) -> None:
        """The operation that would have given it cannot be done."""
        if not self._is_taken(key):
            self._missed.add(key.casefold())

    def must_be_free(self, key: str, node: UUID | None = None) -> None:
        """Or this node's, now or once."""
        if self._is_taken(key) and (node is None or self._led_to(key) != node):
            raise Wrong("key", f"{key} is taken, or was once: take another.", "taken")

    def new_key(self, stem: str, next_key: Callable[[str], str]) -> str:
        for _ in range(_TRIES):
            key = next_key(stem)
            if not self._is_taken(key):
                return key
        raise Wrong("key", "No key was free: give one.", "taken")

    def _led_to(self, name: str) -> UUID | None:
        if given := self._given.get(name.casefold()):
            return given
        node = self._excerpt.named(name)
        return node.id if node else None

    def _is_taken(self, key: str) -> bool:
        return key.casefold() in self._given or self._excerpt.has_given(key)


def section_key(title: str, parent: NodeState, nodes: Mapping[UUID, NodeState]) -> str:
    """Of the document's key, however deep in it the section is, and of its title."""
    return f"{_document_key(parent, nodes)[:_DOCUMENT]}.{slug_of(title)}"


def slug_of(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG].strip("-") or "section"


def _document_key(part: NodeState, nodes: Mapping[UUID, NodeState]) -> str:
    seen: set[UUID] = set()
    while part.kind == NodeKind.SECTION and part.id not in seen:
        seen.add(part.id)
        if part.parent is None or part.parent not in nodes:
            return part.key.rpartition(".")[0] or part.key
        part = nodes[part.parent]
    return part.key
