"""A graph in memory, in the place of the rows: enough to propose, apply and look back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from apps.common.ids import uuid7
from apps.specs.changes.digests import content_digest
from apps.specs.changes.inverting import inverse_of
from apps.specs.changes.playing import Played, Stage, played_on
from apps.specs.changes.ranks import rank_between
from apps.specs.changes.rebasing import Rebased, bodies_wanted, rebase
from apps.specs.changes.resolving import bases_in, resolve
from apps.specs.changes.values import Excerpt, LinkState, NodeState, Operation
from apps.specs.choices import LinkKind
from apps.specs.errors import OperationsInvalid
from apps.specs.schemas import read_operations

PREFIXES = {"spec": "SPEC", "section": "", "requirement": "REQ", "goal": "GOAL", "test": "TEST"}


def play(operations: Sequence[Operation], excerpt: Excerpt) -> Played:
    """They have to fit: resolved against this excerpt, or rebased onto it."""
    stage = Stage(excerpt)
    for operation in operations:
        stage.do(operation)
    return played_on(stage, operations, excerpt)


def is_same(rebased: Rebased, operations: Sequence[Operation]) -> bool:
    """They do the same as before: whoever approved that has approved this."""
    same = content_digest(rebased.operations) == content_digest(operations)
    return same and not rebased.conflicts


class Graph:
    def __init__(self) -> None:
        self.nodes: dict[UUID, NodeState] = {}
        self.links: set[LinkState] = set()
        self.keys: dict[str, UUID] = {}
        self.history: dict[tuple[UUID, int], NodeState] = {}
        self.counters: Counter[str] = Counter()

    # --- as it is

    def add(self, key: str, kind: str = "requirement", parent: str = "", **said: Any) -> NodeState:
        whole = self[parent].id if parent else None
        parts = self.excerpt().parts.get(whole, ()) if whole else ()
        rank = rank_between(self.nodes[parts[-1]].rank if parts else "", "") if whole else ""
        node = NodeState(
            **{"id": uuid7(), "key": key, "kind": kind, "title": key, "version": 1, **said},
            parent=whole,
            rank=rank,
        )
        self._keep(node)
        return node

    def link(self, source: str, kind: str, target: str) -> LinkState:
        link = LinkState(self[source].id, LinkKind(kind), self[target].id)
        self.links.add(link)
        return link

    def __getitem__(self, key: str) -> NodeState:
        return self.nodes[self.keys[key.casefold()]]

    def parts_of(self, key: str) -> list[str]:
        return [self.nodes[part].key for part in self.excerpt().parts.get(self[key].id, ())]

    def excerpt(self) -> Excerpt:
        parts: dict[UUID, list[UUID]] = {}
        for node in sorted(self.nodes.values(), key=lambda node: node.rank):
            if node.is_live and node.parent:
                parts.setdefault(node.parent, []).append(node.id)
        return Excerpt(
            nodes=dict(self.nodes), links=frozenset(self.links), parts=parts, keys=dict(self.keys)
        )

    def _keep(self, node: NodeState) -> None:
        self.nodes[node.id] = self.history[node.id, node.version] = node
        assert self.keys.setdefault(node.key.casefold(), node.id) == node.id, "a key is given once"

    # --- what is proposed to it

    def resolve(self, *sent: dict[str, Any]) -> tuple[Operation, ...]:
        read, excerpt = read_operations(sent), self.excerpt()
        return resolve(
            read,
            excerpt,
            prefixes=PREFIXES,
            next_key=self._next_key,
            bases={base: self.history[base] for base in bases_in(read, excerpt)},
        )

    def faults(self, *sent: dict[str, Any]) -> list[tuple[int, str, str]]:
        with pytest.raises(OperationsInvalid) as refused:
            self.resolve(*sent)
        return [(each["operation"], each["field"], each["code"]) for each in refused.value.details]

    def rebase(self, operations: tuple[Operation, ...]) -> Rebased:
        excerpt = self.excerpt()
        wanted = bodies_wanted(operations, excerpt)
        return rebase(
            operations, excerpt, bodies={each: self.history[each].body for each in wanted}
        )

    def apply(self, operations: tuple[Operation, ...]) -> Played:
        played = play(operations, self.excerpt())
        for _, node in played.changed.values():
            self._keep(node)
        self.links = self.links - played.unlinked | played.linked
        return played

    def do(self, *sent: dict[str, Any]) -> list[dict[str, Any]]:
        """At once, and what would undo it."""
        operations = self.resolve(*sent)
        return inverse_of(self.apply(operations), operations)

    def _next_key(self, stem: str) -> str:
        if "." in stem and stem.casefold() not in self.keys and not self.counters[stem]:
            self.counters[stem] = 1
            return stem
        self.counters[stem] += 1
        return f"{stem}-{self.counters[stem]}"

    def said(self) -> dict[str, Any]:
        """All of it but versions and ranks, which only have to keep the order."""
        parts = self.excerpt().parts
        nodes = {id: replace(node, version=0, rank="") for id, node in self.nodes.items()}
        order = {whole: tuple(some) for whole, some in parts.items() if some}
        return {"nodes": nodes, "order": order, "links": set(self.links)}
