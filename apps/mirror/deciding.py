"""What a file should say, from what both sides last agreed on and what each says now. Pure.

Of each node, whoever has changed it since is followed. Where both have, the file stays as its
author has it, and what it says is proposed: the proposal's own rebase merges what does not clash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.mirror.holding import Held, Names, Order, order_of, says_the_same
from apps.specs.paper.leaves import Leaf


@dataclass(frozen=True, kw_only=True)
class Decision:
    wanted: tuple[Leaf, ...]
    """What the file should say. Nothing: it should not be there."""
    writes: bool
    """Whether it says something else."""
    agreed: tuple[Held, ...]
    """What both sides agree on, once it does."""
    proposes: bool
    """Whether it still says what the workspace does not, once it does."""
    clashes: tuple[str, ...] = ()
    """Keys of what both sides have changed."""


def decide(
    agreed: Sequence[Held], disk: Sequence[Held], graph: Sequence[Held], names: Names
) -> Decision:
    return _Sides(agreed, disk, graph, names).decision()


class _Sides:
    def __init__(
        self, agreed: Sequence[Held], disk: Sequence[Held], graph: Sequence[Held], names: Names
    ) -> None:
        self.disk, self.graph, self.names = disk, graph, names
        self.on_disk = {one.name: one for one in disk}
        self.in_graph = {one.name: one for one in graph}
        met = {one.name for one in agreed}
        # What both have although they never agreed on it is as the workspace has it, to begin with.
        fresh = [one for one in graph if one.name in self.on_disk and one.name not in met]
        self.agreed = [*agreed, *fresh] if agreed else fresh
        self.before = {one.name: one for one in self.agreed}
        self.clashes: list[str] = []

    def decision(self) -> Decision:
        chosen = {name: self._chosen(name) for name in self.on_disk}
        here, there = order_of(self.disk), order_of(self.graph)
        was = self._was(here, there)
        if was == there or here == there:
            order = here
        elif was == here and self._may_go():
            order = there
        else:
            order = here
            self.clashes += [one.leaf.key for one in self.disk[:1]]
        leaves = {name: chosen.get(name) or self.in_graph[name].leaf for name, _ in order}
        wanted = tuple(
            replace(leaves[name], parent=leaves[above].key if above else None)
            for name, above in order
        )
        writes = order != here or any(
            not self._same(leaf, self.on_disk[name].leaf)
            for name, leaf in leaves.items()
            if name in self.on_disk
        )
        agreed = tuple(self._agreed(there if order == there else was, leaves))
        return Decision(
            wanted=wanted,
            writes=writes,
            agreed=agreed,
            proposes=order_of(agreed) != order
            or any(not self._same(one.leaf, leaves[one.name]) for one in agreed),
            clashes=tuple(dict.fromkeys(self.clashes)),
        )

    def _was(self, here: Order, there: Order) -> Order:
        """What both have put alike, or taken away, they agree on by that: where one of them alone
        has done more, the other one is as both were."""
        met = self.before.keys()
        mine, theirs = self.on_disk.keys() - self.in_graph, self.in_graph.keys() - self.on_disk
        of_both = [spot for spot in here if spot[0] not in mine]
        if of_both == [spot for spot in there if spot[0] not in theirs]:
            if mine <= met and not theirs & met:
                return here
            if theirs <= met and not mine & met:
                return there
        return order_of(self.agreed)

    def _chosen(self, name: str) -> Leaf:
        here, there, was = (side.get(name) for side in (self.on_disk, self.in_graph, self.before))
        assert here is not None  # noqa: S101 - the names are those on the disk
        if there is None or was is None or there.mark == was.mark:
            return here.leaf
        if self._same(here.leaf, there.leaf):
            return here.leaf
        if self._same(here.leaf, was.leaf):
            return there.leaf
        if not self._same(there.leaf, was.leaf):
            self.clashes.append(here.leaf.key)
        return here.leaf

    def _may_go(self) -> bool:
        """Whatever the workspace has not any more stands in the file as both agreed on it."""
        gone = [one for name, one in self.on_disk.items() if name not in self.in_graph]
        return all(
            one.name in self.before and self._same(one.leaf, self.before[one.name].leaf)
            for one in gone
        )

    def _agreed(self, order: Order, leaves: dict[str, Leaf]) -> Sequence[Held]:
        found: dict[str, Held] = {}
        for name, above in order:
            was, there = self.before.get(name), self.in_graph.get(name)
            one = was or there
            if there and name in leaves and self._same(leaves[name], there.leaf):
                one = replace(there, leaf=leaves[name])
            elif there and was and self._same(was.leaf, there.leaf):
                one = replace(there, leaf=was.leaf)
            if one is not None:
                parent = found[above].leaf.key if above in found else None
                found[name] = replace(one, leaf=replace(one.leaf, parent=parent))
        return list(found.values())

    def _same(self, one: Leaf, other: Leaf) -> bool:
        return says_the_same(one, other, self.names)
