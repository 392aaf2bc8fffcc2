"""What comes of operations: the graph as it would be, computed apart from it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from apps.common.diffs.hunks import apply_hunks
from apps.specs.changes.fields import is_same, with_values
from apps.specs.changes.ranks import rank_between
from apps.specs.changes.values import Excerpt, LinkState, NodeState, Operation
from apps.specs.choices import LinkKind, Op


@dataclass(frozen=True, kw_only=True)
class Played:
    before: Excerpt
    after: Excerpt
    changed: Mapping[UUID, tuple[NodeState | None, NodeState]]
    """What each node was and has become. None: it is new."""
    linked: frozenset[LinkState]
    unlinked: frozenset[LinkState]


def played_on(stage: "Stage", operations: Sequence[Operation], excerpt: Excerpt) -> Played:
    """Of the stage of this excerpt, where these have been done, and nothing else. It is spent."""
    changed: dict[UUID, tuple[NodeState | None, NodeState]] = {}
    for node in {operation.node: None for operation in operations}:
        before, after = excerpt.nodes.get(node), stage.nodes[node]
        # Python finds `true` and 1 equal; they are not.
        if before != after or not is_same(before.attributes, after.attributes):
            stage.nodes[node] = after = replace(after, version=after.version + 1)
            changed[node] = before, after
    links = frozenset(stage.links)
    return Played(
        before=excerpt,
        after=Excerpt(
            nodes=stage.nodes,
            links=links,
            parts=stage.parts,
            keys={
                **excerpt.keys,
                **{after.key.casefold(): id for id, (_, after) in changed.items()},
            },
        ),
        changed=changed,
        linked=links - excerpt.links,
        unlinked=excerpt.links - links,
    )


class Stage:
    """The graph while operations are done to it, one after another."""

    def __init__(self, excerpt: Excerpt) -> None:
        self.nodes = dict(excerpt.nodes)
        self.links = set(excerpt.links)
        self._from: dict[UUID, set[LinkState]] = {}
        for link in self.links:
            self._from.setdefault(link.source, set()).add(link)
        self.parts = {node: list(parts) for node, parts in excerpt.parts.items()}
        self.deleted: set[UUID] = set()
        """By what was done to it since."""

    def do(self, operation: Operation) -> None:
        node = operation.node
        match operation.op:
            case Op.CREATE:
                self._create(operation)
            case Op.UPDATE | Op.SET | Op.RENAME:
                self.nodes[node] = with_values(self.nodes[node], operation.after)
            case Op.EDIT:
                body = apply_hunks(operation.hunks, self.nodes[node].body)
                self.nodes[node] = replace(self.nodes[node], body=body)
            case Op.MOVE:
                self._leave(node)
                place = {"parent": operation.after["parent"]}
                rank = self._stand(node, operation.after)
                self.nodes[node] = with_values(self.nodes[node], place, rank=rank)
            case Op.DELETE:
                self._leave(node)
                self.nodes[node] = replace(self.nodes[node], is_live=False)
                self.deleted.add(node)
                self.links -= self._from.pop(node, set())
            case Op.RESTORE:
                self._restore(node)
            case Op.LINK if operation.link:
                self._link(operation.link)
            case Op.UNLINK if operation.link:
                self.links.discard(operation.link)
                self.links_from(operation.link.source).discard(operation.link)

    def links_from(self, node: UUID) -> set[LinkState]:
        return self._from.get(node, set())

    def parts_of(self, node: UUID | None) -> list[UUID]:
        return [] if node is None else self.parts.setdefault(node, [])

    def before_in_order(self, node: UUID) -> UUID | None:
        """The part that it stands behind."""
        parts = self.parts_of(self.nodes[node].parent)
        at = parts.index(node) if node in parts else 0
        return parts[at - 1] if at else None

    def is_within(self, node: UUID | None, whole: UUID) -> bool:
        """Whether it is this whole or a part of it, or a part of a part."""
        seen: set[UUID] = set()
        while node is not None and node not in seen:
            if node == whole:
                return True
            seen.add(node)
            node = self.nodes[node].parent if node in self.nodes else None
        return False

    def _create(self, operation: Operation) -> None:
        blank = NodeState(id=operation.node, key=operation.key, kind=operation.kind, title="")
        rank = self._stand(operation.node, operation.after)
        self.nodes[operation.node] = with_values(blank, operation.after, rank=rank)
        for link in operation.after["links"]:
            kind, target = LinkKind(link["kind"]), UUID(link["target"])
            self._link(LinkState(operation.node, kind, target))

    def _link(self, link: LinkState) -> None:
        self.links.add(link)
        self._from.setdefault(link.source, set()).add(link)

    def _stand(self, node: UUID, place: Mapping[str, Any]) -> str:
        """Behind that part of its parent, with the rank that this returns. None: as the first."""
        parent, after = _id(place["parent"]), _id(place["after"])
        parts = self.parts_of(parent)
        if parts and parts[-1] == after:  # as most do, of parts that may be many
            at = len(parts)
        else:
            at = parts.index(after) + 1 if after in parts else 0
        rank = "" if parent is None else self._rank(parts, at)
        parts.insert(at, node)
        return rank

    def _restore(self, node: UUID) -> None:
        """Where it stood, between those that would stand around it now."""
        restored = replace(self.nodes[node], is_live=True)
        parts = self.parts_of(restored.parent)
        ranks = [self.nodes[part].rank for part in parts]
        at = sum(rank < restored.rank for rank in ranks)
        if restored.rank in ranks:
            restored = replace(restored, rank=self._rank(parts, at))
        parts.insert(at, node)
        self.nodes[node] = restored

    def _rank(self, parts: Sequence[UUID], at: int) -> str:
        """For one that is put in there."""
        before = self.nodes[parts[at - 1]].rank if at else ""
        return rank_between(before, self.nodes[parts[at]].rank if at < len(parts) else "")

    def _leave(self, node: UUID) -> None:
        with suppress(ValueError):
            self.parts_of(self.nodes[node].parent).remove(node)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
