"""A graph and proposals to it, in any order, held against a model that knows nothing of either."""

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from apps.specs.changes.inverting import inverse_of
from apps.specs.changes.kept import kept, read
from apps.specs.changes.needs import needs_of
from apps.specs.changes.values import Operation
from apps.specs.choices import Op
from apps.specs.errors import OperationsInvalid
from tests.specs.changes.graphs import Graph
from tests.specs.changes.models import Dangling, Idle, Model, Refused, Sent

KEYS = [f"REQ-{number}" for number in range(1, 7)]
BODY = "".join(f"line {number:02}\n" for number in range(12))
keys, maybe = st.sampled_from(KEYS), st.none() | st.sampled_from(KEYS)
kinds = st.sampled_from(["refines", "verifies"])


def sent(op: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Sent]:
    return st.fixed_dictionaries({"op": st.just(op), **fields})


creations = sent(
    "create",
    kind=st.just("requirement"),
    title=st.just("a"),
    key=keys,
    body=st.just(BODY),
    parent=maybe,
    after=st.none(),
)
changes = st.one_of(
    creations,
    sent("update", target=keys, changes=st.fixed_dictionaries({"title": st.sampled_from("abc")})),
    sent("set", target=keys, attribute=st.just("size"), value=st.sampled_from([None, 1, 2])),
    sent("edit", target=keys, at=st.integers(0, 11), lines=st.integers(0, 2)),
    sent("rename", target=keys, key=keys),
    sent("move", target=keys, parent=maybe, after=maybe),
    sent("delete", target=keys),
    sent("link", target=keys, kind=kinds, to=keys),
    sent("unlink", target=keys, kind=kinds, to=keys),
)


drafts = st.lists(changes, min_size=2, max_size=8)


@dataclass
class Proposed:
    sent: list[Sent]
    operations: tuple[Operation, ...]
    revision: int


@dataclass
class Undoing:
    inverse: list[Sent]
    graph: dict[str, Any]
    model: Model
    revision: int


class GraphAndModel(RuleBasedStateMachine):
    proposals = Bundle("proposals")
    inverses = Bundle("inverses")

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self.model = Model()
        self.revision = self.lines = 0

    @initialize()
    def begin(self) -> None:
        """With a whole of three parts."""
        first: Sent = {"op": "create", "kind": "requirement", "title": "a", "body": BODY}
        parents = dict.fromkeys(KEYS[1:4], KEYS[0])
        sent = [first | {"key": key, "parent": parents.get(key), "after": None} for key in KEYS[:4]]
        self.graph.do(*sent)
        self.model = self.model.do(*sent)

    @rule(target=proposals, drafts=drafts)
    def submit(self, drafts: list[Sent]) -> Any:
        return self._submitted(drafts) or multiple()

    @rule(target=inverses, proposed=consumes(proposals))
    def apply(self, proposed: Proposed) -> Any:
        return self._applied(proposed) or multiple()

    @rule(undoing=consumes(inverses))
    def revert(self, undoing: Undoing) -> None:
        self._revert(undoing)

    @rule(drafts=drafts)
    def apply_at_once_and_revert(self, drafts: list[Sent]) -> None:
        proposed = self._submitted(drafts)
        undoing = proposed and self._applied(proposed)
        if undoing:
            self._revert(undoing)

    @rule(drafts=drafts, wanted=st.sets(st.integers(0, 7), min_size=1))
    def accept_a_part(self, drafts: list[Sent], wanted: set[int]) -> None:
        """With what it needs, a part of a proposal is one by itself."""
        proposed = self._submitted(drafts)
        needs = needs_of(proposed.operations) if proposed else ()
        taken = {number for number in wanted if number < len(needs)}
        while more := {need for number in taken for need in needs[number]} - taken:
            taken |= more
        if proposed and taken:
            sent = [proposed.sent[number] for number in sorted(taken)]
            operations = tuple(proposed.operations[number] for number in sorted(taken))
            self._applied(Proposed(sent, operations, proposed.revision))

    def _submitted(self, drafts: list[Sent]) -> Proposed | None:
        """What the model refuses of it is no operation to the graph, and is left out."""
        staged, taken, seen = self.model, list[Sent](), list[Any]()
        for draft in drafts:
            each = self._filled(draft, staged)
            if self._is_named_twice(each, taken, staged):
                continue
            before = staged
            try:
                staged = staged.do(each)
            except Dangling:
                continue
            except Refused:
                assert not self._adds_up(*taken, each)
                continue
            if self._turns_twice(*taken, each):
                break
            taken.append(each)
            seen.append(before.seen(each))
        if not taken:
            return None
        operations = read(json.loads(json.dumps(kept(self.graph.resolve(*taken)))))
        rebased = self.graph.rebase(operations)
        assert (rebased.operations, rebased.conflicts) == (operations, ())
        sent = [{**each, "seen": value} for each, value in zip(taken, seen, strict=True)]
        return Proposed(sent, operations, self.revision)

    def _applied(self, proposed: Proposed) -> Undoing | None:
        sent, operations, revision = proposed.sent, proposed.operations, proposed.revision
        rebased = self.graph.rebase(operations)
        try:
            expected = self.model.do(*self._placed(sent, rebased.operations))
        except Dangling:
            assert revision != self.revision
            return None
        except Idle:
            assert rebased.conflicts
            return None
        except Refused:
            assert rebased.conflicts
            assert revision != self.revision
            return None
        if rebased.conflicts:
            assert revision != self.revision
            return None
        before, self.revision = self.graph.said(), self.revision + 1
        inverse = inverse_of(self.graph.apply(rebased.operations), rebased.operations)
        undoing = Undoing(inverse, before, self.model, self.revision)
        self.model = expected
        return undoing

    def _revert(self, undoing: Undoing) -> None:
        try:
            operations = self.graph.resolve(*undoing.inverse)
        except OperationsInvalid:
            assert undoing.revision != self.revision
            return
        rebased = self.graph.rebase(operations)
        if undoing.revision != self.revision:
            return
        assert not rebased.conflicts
        self.graph.apply(rebased.operations)
        self.revision += 1
        said = self.graph.said()
        nodes = {id: said["nodes"][id] for id in undoing.graph["nodes"]}
        assert {**said, "nodes": nodes} == undoing.graph
        assert not any(node.is_live for id, node in said["nodes"].items() if id not in nodes)
        self.model = undoing.model.without_what_came_since(self.model)

    @invariant()
    def the_graph_is_what_the_model_says(self) -> None:
        excerpt = self.graph.excerpt()
        ids = {self.graph.keys[first.casefold()]: first for first in self.model.nodes}
        assert ids.keys() == excerpt.nodes.keys()
        for id, first in ids.items():
            node, said = excerpt.nodes[id], self.model.nodes[first]
            assert node.is_live == said["live"]
            if node.is_live:
                assert (node.key, node.title) == (said["key"], said["title"])
                assert node.attributes.get("size") == said.get("size")
                assert node.body.splitlines() == said["lines"]
                parts = [ids[part] for part in excerpt.parts.get(id, ())]
                assert parts == self.model.parts.get(first, [])
        links = {(ids[each.source], each.kind.value, ids[each.target]) for each in excerpt.links}
        assert links == self.model.links

    @invariant()
    def parts_stand_in_an_order_that_holds(self) -> None:
        for parts in self.graph.excerpt().parts.values():
            ranks = [self.graph.nodes[part].rank for part in parts]
            assert all(one < other for one, other in pairwise(ranks))

    # ---

    def _filled(self, draft: Sent, model: Model) -> Sent:
        """An edit of a line that is there, to lines that are nowhere else."""
        if draft["op"] != Op.EDIT:
            return draft
        node = model.nodes.get(model.names.get(draft["target"], ""))
        lines = node["lines"] if node else []
        old = lines[draft["at"] % len(lines)] if lines else "none"
        new = ""
        for _ in range(draft["lines"]):
            self.lines += 1
            new += f"new {self.lines}\n"
        return {"op": "edit", "target": draft["target"], "old": f"{old}\n", "new": new}

    def _is_named_twice(self, sent: Sent, before: list[Sent], model: Model) -> bool:
        """A model knows of names that stood within one proposal alone, and a node may be renamed
        again by a name that it had long ago."""
        renamed = {each["key"] for each in before if each["op"] == Op.RENAME}
        given = {each["key"] for each in before if "key" in each}
        renamed |= {each["target"] for each in before if each["op"] == Op.RENAME}
        named = {sent.get(field) for field in ("target", "to", "parent", "after")}
        if named & renamed or sent["op"] != Op.RENAME:
            return bool(named & renamed)
        again = {model.names.get(name) for name in renamed}
        return bool(named & given) or model.names.get(sent["target"], sent["target"]) in again

    def _adds_up(self, *sent: Sent) -> bool:
        try:
            self.graph.resolve(*sent)
        except OperationsInvalid:
            return False
        return True

    def _turns_twice(self, *sent: Sent) -> bool:
        """What a model does without asking why: to delete what the same proposal creates."""
        *before, last = sent
        return last["op"] == Op.DELETE and not self._adds_up(*sent) and self._adds_up(*before)

    def _placed(self, sent: list[Sent], operations: tuple[Operation, ...]) -> list[Sent]:
        """Where the part that something goes behind has gone, the graph says behind which."""
        placed: list[Sent] = []
        for each, operation in zip(sent, operations, strict=True):
            after = operation.after.get("after")
            first = {str(id): key for key, id in self.graph.keys.items()}
            is_placed = each["op"] in (Op.CREATE, Op.MOVE) and each["parent"]
            key = first[after].upper() if is_placed and after in first else each.get("after")
            placed.append({**each, "after": key} if is_placed else each)
        return placed


GraphAndModel.TestCase.settings = settings(max_examples=50, stateful_step_count=20, deadline=None)
TestGraphAndModel = GraphAndModel.TestCase
