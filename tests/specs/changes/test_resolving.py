"""From operations as they are sent to operations on nodes: what they find, and what is refused."""

from typing import Any

import pytest

from apps.common.diffs.hunks import apply_hunks
from tests.specs.changes.graphs import Graph, play


@pytest.fixture
def graph():
    graph = Graph()
    graph.add("SPEC-1", "spec")
    graph.add("REQ-1", parent="SPEC-1", body="one\ntwo\nthree\n", attributes={"priority": 1})
    graph.add("REQ-2", parent="SPEC-1")
    graph.add("TEST-4", "test")
    graph.link("TEST-4", "verifies", "REQ-1")
    return graph


CREATE: dict[str, Any] = {"op": "create", "kind": "requirement", "title": "New"}


def test_the_pre_image_stands_beside_what_will_be(graph):
    (operation,) = graph.resolve(
        {"op": "update", "target": "req-1", "changes": {"title": "Other", "kind": "requirement"}}
    )
    assert operation.node == graph["REQ-1"].id
    assert operation.base == 1
    assert operation.before == {"title": "REQ-1"}
    assert operation.after == {"title": "Other"}


def test_all_attributes_at_once_are_taken_apart(graph):
    changes = {"attributes": {"priority": None, "size": True, "none": None}}
    (operation,) = graph.resolve({"op": "update", "target": "REQ-1", "changes": changes})
    assert operation.before == {"attributes.priority": 1, "attributes.size": None}
    assert operation.after == {"attributes.priority": None, "attributes.size": True}


def test_true_is_not_one(graph):
    (operation,) = graph.resolve(
        {"op": "set", "target": "REQ-1", "attribute": "priority", "value": True}
    )
    assert operation.after == {"attributes.priority": True}


def test_a_second_operation_starts_from_what_the_first_makes(graph):
    first, second = graph.resolve(
        {"op": "edit", "target": "REQ-1", "old": "two", "new": "2"},
        {"op": "edit", "target": "REQ-1", "old": "2\nthree", "new": "2\n3"},
    )
    assert apply_hunks(second.hunks, apply_hunks(first.hunks, "one\ntwo\nthree\n")) == "one\n2\n3\n"


def test_what_an_operation_makes_can_be_named_by_the_next(graph):
    created, renamed, *_, last = graph.resolve(
        CREATE | {"key": "REQ-9"},
        {"op": "rename", "target": "req-9", "key": "REQ-10"},
        {"op": "link", "target": "TEST-4", "kind": "verifies", "to": "REQ-10"},
        {"op": "move", "target": "REQ-2", "parent": "REQ-9"},
        {"op": "set", "target": "REQ-10", "attribute": "priority", "value": 2},
    )
    assert created.node == renamed.node == last.node
    assert (created.base, last.base) == (0, 0)


def test_an_old_key_and_an_id_lead_to_the_node(graph):
    graph.do({"op": "rename", "target": "REQ-1", "key": "REQ-100"})
    for name in ("req-1", "REQ-100", str(graph["REQ-100"].id).upper()):
        (operation,) = graph.resolve({"op": "delete", "target": name})
        assert operation.key == "REQ-100"


def test_a_key_is_never_given_again(graph):
    graph.do({"op": "rename", "target": "REQ-2", "key": "REQ-3"})
    graph.do({"op": "delete", "target": "REQ-3"})
    for key in ("REQ-1", "req-2", "Req-3"):
        assert graph.faults(CREATE | {"key": key}) == [(0, "key", "taken")]
        if key != "REQ-1":
            rename = {"op": "rename", "target": "REQ-1", "key": key}
            assert graph.faults(rename) == [(0, "key", "taken")]


def test_a_node_may_take_a_key_back_or_spell_it_otherwise(graph):
    graph.do({"op": "rename", "target": "REQ-2", "key": "REQ-3"})
    assert graph.resolve({"op": "rename", "target": "REQ-3", "key": "REQ-2"})
    assert graph.resolve({"op": "rename", "target": "REQ-3", "key": "req-3"})


def test_keys_that_are_not_given_are_made(graph):
    graph.counters["REQ"] = 12
    made = graph.resolve(
        CREATE | {"key": "REQ-13"},
        CREATE,
        {"op": "create", "kind": "section", "title": "Über uns!", "parent": "SPEC-1"},
        {"op": "create", "kind": "section", "title": "über UNS", "parent": "SPEC-1.uber-uns"},
        {"op": "create", "kind": "section", "title": "¿?", "parent": "SPEC-1"},
    )
    keys = [operation.key for operation in made]
    assert keys == ["REQ-13", "REQ-14", "SPEC-1.uber-uns", "SPEC-1.uber-uns-2", "SPEC-1.section"]


def test_faults_of_all_operations_are_told_at_once_and_those_that_follow_are_not(graph):
    assert graph.faults(
        CREATE
        | {"key": "REQ-9", "kind": "poem", "parent": "SPEC-9"}
        | {"links": [{"kind": "refines", "target": "GOAL-9"}]},
        {"op": "set", "target": "REQ-9", "attribute": "a", "value": 1},
        {"op": "link", "target": "REQ-8", "kind": "refines", "to": "GOAL-9"},
        {"op": "set", "target": "REQ-1", "attribute": "priority", "value": 1},
        {"op": "edit", "target": "REQ-1", "old": "four", "new": "4"},
    ) == [
        *((0, "kind", "unknown"), (0, "parent", "unknown"), (0, "links.0.target", "unknown")),
        *((2, "target", "unknown"), (2, "to", "unknown")),
        *((3, "value", "unchanged"), (4, "old", "does_not_fit")),
    ]


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        ({"op": "link", "target": "REQ-1", "kind": "refines", "to": "REQ-1"}, ("to", "invalid")),
        (
            {"op": "link", "target": "TEST-4", "kind": "verifies", "to": "REQ-1"},
            ("to", "unchanged"),
        ),
        (
            {"op": "unlink", "target": "REQ-1", "kind": "verifies", "to": "TEST-4"},
            ("to", "unknown"),
        ),
        ({"op": "move", "target": "SPEC-1", "parent": "REQ-1"}, ("parent", "invalid")),
        ({"op": "move", "target": "SPEC-1", "parent": "SPEC-1"}, ("parent", "invalid")),
        ({"op": "move", "target": "REQ-2", "after": "REQ-1"}, ("parent", "unchanged")),
        ({"op": "move", "target": "REQ-1", "after": "TEST-4"}, ("after", "invalid")),
        ({"op": "move", "target": "REQ-1", "after": "REQ-1"}, ("after", "invalid")),
        ({"op": "restore", "target": "REQ-1"}, ("target", "unchanged")),
        (
            {"op": "update", "target": "REQ-1", "changes": {"kind": "poem"}},
            ("changes.kind", "unknown"),
        ),
        (
            {"op": "set", "target": "REQ-1", "attribute": "a", "value": 1, "base": 7},
            ("base", "unknown"),
        ),
        (CREATE | {"kind": "section"}, ("key", "invalid")),
        (CREATE | {"links": 2 * [{"kind": "refines", "target": "REQ-1"}]}, ("links", "invalid")),
        (CREATE | {"after": "REQ-1"}, ("after", "invalid")),
    ],
)
def test_what_cannot_be_done_names_its_field(graph, fault, place):
    assert graph.faults(fault) == [(0, *place)]


def test_nothing_is_done_to_what_was_deleted_but_to_restore_it(graph):
    graph.do({"op": "delete", "target": "REQ-2"})
    assert graph.faults(
        {"op": "delete", "target": "REQ-2"},
        {"op": "link", "target": "TEST-4", "kind": "verifies", "to": "REQ-2"},
        CREATE | {"parent": "REQ-2"},
    ) == [(0, "target", "deleted"), (1, "to", "deleted"), (2, "parent", "deleted")]
    assert graph.resolve({"op": "restore", "target": "REQ-2"})


def test_a_proposal_does_not_take_back_what_it_does(graph):
    graph.do({"op": "delete", "target": "REQ-2"})
    create, delete = CREATE | {"key": "REQ-9"}, {"op": "delete", "target": "REQ-9"}
    assert graph.faults(create, delete) == [(1, "target", "invalid")]
    restore, delete = {"op": "restore", "target": "REQ-2"}, {"op": "delete", "target": "REQ-2"}
    assert graph.faults(restore, delete) == [(1, "target", "invalid")]


def test_a_part_comes_back_with_its_whole(graph):
    graph.add("REQ-1.1", parent="REQ-1")
    graph.do({"op": "delete", "target": "REQ-1.1"}, {"op": "delete", "target": "REQ-1"})
    restore = {"op": "restore", "target": "REQ-1.1"}
    assert graph.faults(restore) == [(0, "target", "deleted")]
    assert graph.resolve(restore, {"op": "restore", "target": "REQ-1"})


def test_what_holds_in_both_directions_is_said_once(graph):
    graph.link("REQ-1", "conflicts_with", "REQ-2")
    link = {"op": "link", "target": "REQ-2", "kind": "conflicts_with", "to": "REQ-1"}
    assert graph.faults(link) == [(0, "to", "unchanged")]
    (operation,) = graph.resolve(link | {"op": "unlink"})
    assert operation.link in graph.links


def test_a_deletion_says_all_that_goes(graph):
    (operation,) = graph.resolve({"op": "delete", "target": "TEST-4"})
    assert operation.before["title"] == "TEST-4"
    (link,) = operation.before["links"]
    assert (link["kind"], link["key"]) == ("verifies", "REQ-1")
    assert play([operation], graph.excerpt()).unlinked == graph.links


def test_an_older_version_can_be_the_base_of_all_operations_on_a_node_or_of_none(graph):
    graph.do({"op": "update", "target": "REQ-1", "changes": {"title": "Second"}})
    older = {"op": "update", "target": "REQ-1", "changes": {"title": "Third"}, "base": 1}
    edit = {"op": "edit", "target": "REQ-1", "old": "two", "new": "2"}
    first, second = graph.resolve(older, edit | {"base": 1})
    assert first.before == {"title": "REQ-1"}
    assert (first.base, second.base) == (1, 1)
    assert graph.faults(older, edit | {"base": 2}) == [(1, "base", "invalid")]
    assert graph.faults(edit | {"base": 2}, older) == [(1, "base", "invalid")]


def test_parts_stand_where_they_are_put(graph):
    graph.do(
        CREATE | {"key": "REQ-7", "parent": "SPEC-1", "after": None},
        CREATE | {"key": "REQ-8", "parent": "SPEC-1", "after": "REQ-7"},
        CREATE | {"key": "REQ-9", "parent": "SPEC-1"},
    )
    assert graph.parts_of("SPEC-1") == ["REQ-7", "REQ-8", "REQ-1", "REQ-2", "REQ-9"]
    graph.do(
        {"op": "move", "target": "REQ-7", "after": "REQ-1"},
        {"op": "move", "target": "REQ-9", "after": None},
        {"op": "move", "target": "REQ-8", "parent": None},
    )
    assert graph.parts_of("SPEC-1") == ["REQ-9", "REQ-1", "REQ-7", "REQ-2"]
    assert graph["REQ-8"].parent is None
