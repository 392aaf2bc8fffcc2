"""What is proposed so that a graph says what files say: played on a graph in memory."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.specs.paper.differing import Present, operations_between
from apps.specs.paper.leaves import Leaf, Library, in_reading_order
from apps.specs.paper.reading import Unreadable
from tests.specs.changes.graphs import Graph

KEYS = ("REQ-1", "REQ-2", "REQ-3", "GOAL-1", "SPEC-1", "SPEC-2")


def leaves_of(nodes, links=()):
    keys = {node.id: node.key for node in nodes}
    told = {
        node.id: tuple(
            sorted((str(one.kind), keys[one.target]) for one in links if one.source == node.id)
        )
        for node in nodes
    }
    return [
        Leaf(
            id=str(node.id),
            key=node.key,
            kind=node.kind,
            title=node.title,
            body=node.body,
            labels=node.labels,
            attributes=dict(node.attributes),
            parent=keys.get(node.parent),
            links=told[node.id],
        )
        for node in nodes
    ]


def library_of(graph):
    live = sorted((node for node in graph.nodes.values() if node.is_live), key=lambda n: n.rank)
    return Library(leaves=tuple(in_reading_order(leaves_of(live, graph.links))))


def present_of(graph):
    gone = [node for node in graph.nodes.values() if not node.is_live]
    return Present(
        library=library_of(graph),
        gone={leaf.id: leaf for leaf in leaves_of(gone)},
        keys={key: str(id_) for key, id_ in graph.keys.items()},
    )


def make_equal(graph, wanted, **how):
    """As an import does: until nothing is left to be done."""
    for _ in range(3):
        operations = operations_between(present_of(graph), wanted, **how)
        if not operations:
            return
        graph.do(*operations)
    raise AssertionError(operations)


def ids_away(library):
    return [replace(leaf, id="", place="") for leaf in library.leaves]


def wanted(*leaves):
    return Library(leaves=leaves)


def leaf(key, **said):
    return Leaf(**{"key": key, "kind": "requirement", "title": key, **said})


@pytest.fixture
def graph():
    graph = Graph()
    graph.add("SPEC-1", "spec")
    for key in ("REQ-1", "REQ-2", "REQ-3"):
        graph.add(key, parent="SPEC-1", body=f"{key} SHALL.")
    graph.add("GOAL-1", "goal")
    graph.link("REQ-1", "refines", "GOAL-1")
    return graph


def test_what_is_equal_is_left_alone(graph):
    assert operations_between(present_of(graph), library_of(graph), delete=True) == []


def test_what_is_not_named_stays_unless_it_shall_go(graph):
    files = wanted(leaf("SPEC-1", kind="spec"), leaf("REQ-2", parent="SPEC-1", body="REQ-2 SHALL."))
    assert operations_between(present_of(graph), files) == []
    make_equal(graph, files, delete=True)
    assert ids_away(library_of(graph)) == list(files.leaves)


def test_only_what_differs_is_changed(graph):
    said = list(library_of(graph).leaves)
    at = next(at for at, each in enumerate(said) if each.key == "REQ-1")
    said[at] = replace(said[at], body="It MAY.", labels=("pci",), links=(("refines", "REQ-2"),))
    told = operations_between(present_of(graph), Library(leaves=tuple(said)))
    assert [(each["op"], each["target"]) for each in told] == [
        *(("update", said[at].id), ("edit", said[at].id)),
        *(("unlink", "REQ-1"), ("link", "REQ-1")),
    ]
    assert told[0]["changes"] == {"labels": ["pci"]}


def test_few_parts_are_moved_to_put_all_in_order(graph):
    parts = [
        leaf(key, parent="SPEC-1", body=f"{key} SHALL.") for key in ("REQ-3", "REQ-1", "REQ-2")
    ]
    parts[1] = replace(parts[1], links=(("refines", "GOAL-1"),))
    told = operations_between(present_of(graph), wanted(leaf("SPEC-1", kind="spec"), *parts))
    assert [(each["op"], each["after"]) for each in told] == [("move", None)]


def test_a_node_is_known_by_its_id_under_a_new_key(graph):
    told = [
        replace(each, key="GOAL-9") if each.key == "GOAL-1" else each
        for each in library_of(graph).leaves
    ]
    make_equal(graph, Library(leaves=tuple(told)))
    assert graph["GOAL-9"].id == graph["GOAL-1"].id
    links = {each.key: each.links for each in library_of(graph).leaves}
    assert links["REQ-1"] == (("refines", "GOAL-9"),)


def test_an_old_key_leads_to_the_node_and_does_not_rename_it_back(graph):
    said = [replace(each, id="") for each in library_of(graph).leaves]
    graph.do({"op": "rename", "target": "GOAL-1", "key": "GOAL-9"})
    assert operations_between(present_of(graph), Library(leaves=tuple(said))) == []


def test_what_was_deleted_comes_back_as_the_node_it_was(graph):
    said, before = library_of(graph), graph["REQ-3"].id
    graph.do({"op": "delete", "target": "REQ-3"})
    make_equal(graph, Library(leaves=tuple(replace(each, id="") for each in said.leaves)))
    assert graph["REQ-3"].is_live
    assert graph["REQ-3"].id == before
    assert library_of(graph) == said


def test_a_link_in_both_directions_may_be_turned_around(graph):
    graph.link("REQ-2", "conflicts_with", "REQ-3")
    turned = {"REQ-2": (), "REQ-3": (("conflicts_with", "REQ-2"),)}
    said = [
        replace(each, links=turned.get(each.key, each.links)) for each in library_of(graph).leaves
    ]
    make_equal(graph, Library(leaves=tuple(said)))
    assert ids_away(library_of(graph)) == ids_away(Library(leaves=tuple(said)))


@pytest.mark.parametrize(
    ("leaves", "said"),
    [
        ([leaf("REQ-7", place="a:1"), leaf("req-7", place="b:1")], "stands already at a:1"),
        ([leaf("REQ-7", links=(("refines", "GOAL-9"),))], "nowhere"),
        ([leaf("REQ-7", parent="SPEC-9")], "nowhere"),
        ([leaf("REQ-7", parent="REQ-8"), leaf("REQ-8", parent="REQ-7")], "nowhere before"),
        ([leaf("REQ-7", links=(("refines", "GOAL-1"),))], "would be deleted"),
    ],
)
def test_what_does_not_add_up_is_told(graph, leaves, said):
    with pytest.raises(Unreadable) as refused:
        operations_between(present_of(graph), wanted(*leaves), delete=True)
    assert said in str(refused.value)


@st.composite
def libraries(draw):
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=6))
    leaves: list[Leaf] = []
    for key in keys:
        others = [other for other in keys if other != key]
        ends = draw(st.sets(st.sampled_from(others), max_size=2)) if others else set()
        leaves.append(
            Leaf(
                key=key,
                kind={"REQ": "requirement", "GOAL": "goal", "SPEC": "spec"}[key.split("-")[0]],
                title=draw(st.sampled_from(["A", "B"])),
                body=draw(st.sampled_from(["", "one\ntwo", "two"])),
                labels=draw(st.sampled_from([(), ("a",)])),
                attributes=draw(st.sampled_from([{}, {"x": 1}, {"x": True}])),
                parent=draw(st.sampled_from([None, *(each.key for each in leaves)])),
                links=tuple(("verifies", end) for end in sorted(ends)),
            )
        )
    return Library(leaves=tuple(in_reading_order(leaves)))


@given(st.lists(libraries(), min_size=2, max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_graph_becomes_whatever_is_wanted(wanted):
    graph = Graph()
    for library in wanted:
        make_equal(graph, library, delete=True)
        assert ids_away(library_of(graph)) == list(library.leaves)


def test_a_part_comes_back_without_the_whole_that_it_was_deleted_with():
    graph = Graph()
    whole = Leaf(key="SPEC-1", kind="spec", title="Shop")
    part = Leaf(key="REQ-1", kind="requirement", title="Pay", parent="SPEC-1")
    alone = replace(part, parent=None)
    for leaves in ((whole, part), (), (alone,)):
        make_equal(graph, Library(leaves=leaves), delete=True)
    assert ids_away(library_of(graph)) == [alone]
