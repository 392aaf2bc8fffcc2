"""What would undo a proposal, what of it needs what, and how all of it is said and kept."""

import json
from typing import Any

import pytest

from apps.specs.changes.digests import content_digest
from apps.specs.changes.kept import kept, read
from apps.specs.changes.needs import needs_of
from apps.specs.changes.touching import leant_on_by, touched_by
from apps.specs.changes.words import diff_of, sentence_of
from tests.specs.changes.graphs import Graph, play

CREATE: dict[str, Any] = {"op": "create", "kind": "requirement", "title": "New"}


@pytest.fixture
def graph():
    graph = Graph()
    graph.add("SPEC-1", "spec")
    graph.add("SEC-1", "section", parent="SPEC-1")
    graph.add("REQ-1", parent="SEC-1", body="one\r\ntwo", attributes={"priority": 1})
    graph.add("REQ-2", parent="SEC-1", labels=("a", "b"))
    graph.add("TEST-4", "test")
    graph.link("TEST-4", "verifies", "REQ-1")
    graph.link("REQ-1", "refines", "REQ-2")
    return graph


PROPOSALS: list[list[dict[str, Any]]] = [
    [
        CREATE
        | {"key": "REQ-9", "parent": "SEC-1", "links": [{"kind": "refines", "target": "REQ-2"}]},
        {"op": "link", "target": "TEST-4", "kind": "verifies", "to": "REQ-9"},
        {"op": "rename", "target": "REQ-9", "key": "REQ-10"},
    ],
    [
        {"op": "edit", "target": "REQ-1", "old": "two", "new": "2\n"},
        {"op": "update", "target": "REQ-1", "changes": {"attributes": {"a": 1}, "title": "T"}},
        {"op": "set", "target": "REQ-1", "attribute": "a", "value": None},
        {"op": "update", "target": "REQ-2", "changes": {"labels": [], "status": "retired"}},
        {"op": "rename", "target": "REQ-1", "key": "REQ-5"},
    ],
    [
        {"op": "move", "target": "REQ-1", "parent": "SPEC-1", "after": None},
        {"op": "move", "target": "REQ-2", "parent": "REQ-1"},
        {"op": "move", "target": "REQ-1", "after": "SEC-1"},
    ],
    [
        {"op": "delete", "target": "SEC-1"},
        {"op": "delete", "target": "REQ-2"},
        {"op": "delete", "target": "REQ-1"},
        {"op": "unlink", "target": "TEST-4", "kind": "verifies", "to": "REQ-1"},
    ],
]


def living(graph):
    said = graph.said()
    nodes = {id: node for id, node in said["nodes"].items() if node.is_live}
    return nodes, said["order"], said["links"]


@pytest.mark.parametrize("sent", PROPOSALS)
def test_the_inverse_restores_everything(graph, sent):
    before = living(graph)
    redo = graph.do(*graph.do(*sent))
    assert living(graph) == before
    graph.do(*graph.do(*redo))
    assert living(graph) == before


def test_an_inverse_says_what_it_was_made_from(graph):
    inverse = graph.do({"op": "update", "target": "REQ-1", "changes": {"title": "T"}})
    assert [each["base"] for each in inverse] == [2]
    graph.do({"op": "update", "target": "REQ-1", "changes": {"title": "Later"}})
    assert graph.rebase(graph.resolve(*inverse)).conflicts


def test_an_edit_is_undone_around_later_ones(graph):
    graph.do({"op": "edit", "target": "REQ-2", "body": "".join(f"{n}\n" for n in range(20))})
    inverse = graph.do({"op": "edit", "target": "REQ-2", "old": "3\n4\n", "new": "x\n"})
    graph.do({"op": "edit", "target": "REQ-2", "old": "15\n", "new": "fifteen\n"})
    graph.apply(graph.rebase(graph.resolve(*inverse)).operations)
    body = "".join(f"{n}\n" for n in range(20)).replace("15", "fifteen")
    assert graph["REQ-2"].body == body


def test_what_needs_what(graph):
    operations = graph.resolve(
        CREATE | {"key": "REQ-9"},
        CREATE | {"key": "REQ-10", "parent": "REQ-9"},
        {"op": "link", "target": "TEST-4", "kind": "verifies", "to": "REQ-10"},
        {"op": "edit", "target": "REQ-2", "body": "a"},
        {"op": "edit", "target": "REQ-2", "body": "b"},
        {"op": "update", "target": "REQ-2", "changes": {"title": "T"}},
        {"op": "delete", "target": "REQ-1"},
        {"op": "unlink", "target": "TEST-4", "kind": "verifies", "to": "REQ-1"},
        {"op": "unlink", "target": "TEST-4", "kind": "verifies", "to": "REQ-10"},
        {"op": "move", "target": "REQ-2", "parent": "REQ-9", "after": "REQ-10"},
        {"op": "delete", "target": "SEC-1"},
        {"op": "set", "target": "REQ-10", "attribute": "a", "value": 1},
        {"op": "set", "target": "REQ-10", "attribute": "a", "value": 2},
    )
    assert needs_of(operations) == (
        *((), (0,), (1,), (), (3,), (), (7,), (), (1, 2), (0, 1), (6, 9), (1,), (1, 11)),
    )


def test_a_move_needs_those_before_it_that_may_keep_it_from_being_a_part_of_itself(graph):
    operations = graph.resolve(
        {"op": "move", "target": "SEC-1", "parent": None},
        {"op": "move", "target": "REQ-2", "after": None},
        {"op": "move", "target": "SPEC-1", "parent": "REQ-1"},
    )
    assert needs_of(operations) == ((), (), (0,))


def test_operations_are_kept_as_json_and_read_again(graph):
    for sent in PROPOSALS:
        operations = graph.resolve(*sent)
        again = read(json.loads(json.dumps(kept(operations))))
        assert again == operations
        assert content_digest(again) == content_digest(operations)


def test_what_it_changes_and_what_has_to_be_there(graph):
    operations = graph.resolve(
        CREATE | {"parent": "SEC-1", "links": [{"kind": "refines", "target": "TEST-4"}]},
        {"op": "move", "target": "REQ-1", "parent": "SPEC-1"},
    )
    new = operations[0].node
    assert touched_by(operations) == {new, graph["REQ-1"].id}
    leant_on = {graph[key].id for key in ("SEC-1", "REQ-2", "TEST-4", "SPEC-1")}
    assert leant_on_by(operations) == leant_on


def test_true_is_another_value_than_one(graph):
    graph.do({"op": "set", "target": "REQ-1", "attribute": "priority", "value": True})
    assert graph["REQ-1"].attributes["priority"] is True
    assert graph["REQ-1"].version == 2


def test_a_node_has_one_new_version_however_often_it_is_changed(graph):
    operations = graph.resolve(*PROPOSALS[1])
    played = play(operations, graph.excerpt())
    assert {after.version for _, after in played.changed.values()} == {2}
    back = [{"op": "set", "target": "REQ-1", "attribute": "priority", "value": n} for n in (2, 1)]
    assert not play(graph.resolve(*back), graph.excerpt()).changed


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (
            [
                {"op": "edit", "target": "TEST-4", "body": "x"},
                {"op": "unlink", "target": "TEST-4", "kind": "verifies", "to": "REQ-1"},
            ],
            "rewords TEST-4 and drops its link to REQ-1",
        ),
        ([CREATE | {"key": f"REQ-{n}"} for n in range(10, 13)], "adds REQ-10, REQ-11 and REQ-12"),
        (
            [CREATE | {"key": f"REQ-{n}"} for n in range(10, 16)],
            "adds REQ-10, REQ-11, REQ-12 and 3 more",
        ),
        (
            PROPOSALS[1][3:],
            "changes the labels of REQ-2, makes it retired and renames REQ-1 to REQ-5",
        ),
        (
            [
                {"op": "delete", "target": "TEST-4"},
                {"op": "move", "target": "REQ-1", "parent": None},
                {"op": "set", "target": "REQ-2", "attribute": "a", "value": 1},
                {"op": "link", "target": "REQ-2", "kind": "refines", "to": "SPEC-1"},
            ],
            "deletes TEST-4, moves REQ-1, changes a of REQ-2 and 1 more change",
        ),
    ],
)
def test_a_sentence_says_it(graph, sent, sentence):
    assert sentence_of(graph.resolve(*sent)) == sentence


def test_a_diff_shows_bodies_that_come_change_and_go(graph):
    create, edit, delete = graph.resolve(
        CREATE | {"body": "new\n"},
        {"op": "edit", "target": "REQ-1", "old": "two", "new": "2"},
        {"op": "delete", "target": "TEST-4"},
    )
    assert diff_of(create) == "@@ -0,0 +1 @@\n+new\n"
    end = "\\ No newline at end of file\n"
    assert diff_of(edit) == f"@@ -1,2 +1,2 @@\n one\r\n-two\n{end}+2\n{end}"
    assert diff_of(delete) == ""


def test_what_was_moved_comes_back_behind_what_was_deleted():
    graph = Graph()
    graph.add("REQ-1")
    for key in ("REQ-4", "REQ-3", "REQ-2"):
        graph.add(key, parent="REQ-1")
    gone = {"op": "delete", "target": "REQ-3"}
    back = graph.do(gone, {"op": "move", "target": "REQ-2", "parent": None})
    graph.do(*back)
    assert graph.parts_of("REQ-1") == ["REQ-4", "REQ-3", "REQ-2"]
