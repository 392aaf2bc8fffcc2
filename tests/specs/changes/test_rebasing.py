"""A proposal brought onto what the graph has become: the same, another one, or in conflict."""

from typing import Any

import pytest

from apps.specs.changes.digests import content_digest
from tests.specs.changes.graphs import Graph, is_same, play

BODY = "".join(f"line {number}\n" for number in range(20))
RETITLE: dict[str, Any] = {"op": "update", "target": "REQ-1", "changes": {"title": "Ours"}}
CREATE: dict[str, Any] = {"op": "create", "kind": "requirement", "title": "New"}


@pytest.fixture
def graph():
    graph = Graph()
    graph.add("SPEC-1", "spec")
    graph.add("REQ-1", parent="SPEC-1", body=BODY, attributes={"priority": 1})
    graph.add("REQ-2", parent="SPEC-1")
    graph.add("TEST-4", "test")
    graph.link("TEST-4", "verifies", "REQ-1")
    return graph


def edit(old, new, target="REQ-1"):
    return {"op": "edit", "target": target, "old": old, "new": new}


def conflicts(graph, operations):
    rebased = graph.rebase(operations)
    assert not is_same(rebased, operations)
    return [(c.operation, c.field, c.base, c.theirs, c.ours) for c in rebased.conflicts]


ALL: tuple[dict[str, Any], ...] = (
    CREATE
    | {"key": "REQ-9", "parent": "SPEC-1", "links": [{"kind": "refines", "target": "REQ-2"}]},
    RETITLE,
    edit("line 3\n", "line three\n"),
    edit("line three\nline 4\n", "line 3 and 4\n"),
    {"op": "set", "target": "REQ-9", "attribute": "priority", "value": 2},
    {"op": "rename", "target": "REQ-2", "key": "REQ-3"},
    {"op": "move", "target": "REQ-1", "after": "REQ-9"},
    {"op": "unlink", "target": "TEST-4", "kind": "verifies", "to": "REQ-1"},
    {"op": "link", "target": "TEST-4", "kind": "verifies", "to": "REQ-9"},
    {"op": "update", "target": "TEST-4", "changes": {"labels": ["a"]}},
    {"op": "delete", "target": "TEST-4"},
)


def test_onto_what_has_not_changed_everything_is_as_it_was(graph):
    operations = graph.resolve(*ALL)
    rebased = graph.rebase(operations)
    assert (rebased.operations, rebased.conflicts) == (operations, ())


def test_what_others_change_beside_it_leaves_it_the_same_on_a_new_base(graph):
    operations = graph.resolve(*ALL[:10])
    graph.do(
        edit("line 15\n", "line fifteen\n"),
        {"op": "set", "target": "REQ-1", "attribute": "priority", "value": 9},
        {"op": "update", "target": "REQ-2", "changes": {"title": "Theirs"}},
        {"op": "rename", "target": "REQ-1", "key": "REQ-11"},
        CREATE | {"key": "REQ-10", "parent": "SPEC-1"},
    )
    rebased = graph.rebase(operations)
    assert is_same(rebased, operations)
    assert rebased.operations != operations
    graph.apply(rebased.operations)
    node = graph["REQ-11"]
    assert (node.title, node.attributes) == ("Ours", {"priority": 9})
    assert node.body == BODY.replace("line 3\nline 4\n", "line 3 and 4\n").replace("15", "fifteen")


def test_lines_above_move_an_edit_and_it_stays_the_same(graph):
    operations = graph.resolve(edit("line 12\n", "line twelve\n"))
    graph.do(edit("line 1\n", "line 1\nand more\n"))
    rebased = graph.rebase(operations)
    assert is_same(rebased, operations)
    assert rebased.operations[0].hunks[0].old_start == operations[0].hunks[0].old_start + 1


def test_another_context_makes_it_another_proposal_without_conflict(graph):
    operations = graph.resolve(edit("line 12\n", "line twelve\n"))
    graph.do(edit("line 10\n", "line ten\n"))
    rebased = graph.rebase(operations)
    assert (is_same(rebased, operations), rebased.conflicts) == (False, ())
    body = play(rebased.operations, graph.excerpt()).after.nodes[graph["REQ-1"].id].body
    assert body == BODY.replace("line 10", "line ten").replace("line 12", "line twelve")


def test_two_edits_of_the_same_lines_clash_and_are_shown_three_times(graph):
    operations = graph.resolve(RETITLE, edit("line 3\n", "ours\n"), edit("line 16\n", "ours\n"))
    graph.do(edit("line 3\n", "theirs\n"))
    assert conflicts(graph, operations) == [(1, "body", "line 3\n", "theirs\n", "ours\n")]


def test_the_same_edit_by_somebody_else_is_no_silence(graph):
    operations = graph.resolve(edit("line 3\n", "ours\n"))
    graph.do(edit("line 3\n", "ours\n"))
    ((operation, field, *_),) = conflicts(graph, operations)
    assert (operation, field) == (0, "body")


@pytest.mark.parametrize("theirs", ["Theirs", "Ours"])
def test_a_field_that_somebody_else_has_set_conflicts(graph, theirs):
    operations = graph.resolve(RETITLE)
    graph.do({"op": "update", "target": "REQ-1", "changes": {"title": theirs}})
    assert conflicts(graph, operations) == [(0, "title", "REQ-1", theirs, "Ours")]


def test_every_field_in_conflict_is_told(graph):
    operations = graph.resolve(
        {"op": "update", "target": "REQ-1", "changes": {"title": "Ours", "attributes": {"a": 1}}}
    )
    graph.do(
        {"op": "update", "target": "REQ-1", "changes": {"title": "Theirs", "attributes": {"a": 2}}}
    )
    assert conflicts(graph, operations) == [
        (0, "title", "REQ-1", "Theirs", "Ours"),
        (0, "attributes.priority", 1, None, None),
        (0, "attributes.a", None, 2, 1),
    ]


@pytest.mark.parametrize(
    ("ours", "theirs", "field"),
    [
        (RETITLE, {"op": "delete", "target": "REQ-1"}, "target"),
        (CREATE | {"parent": "REQ-1"}, {"op": "delete", "target": "REQ-1"}, "parent"),
        (
            {"op": "link", "target": "REQ-2", "kind": "refines", "to": "REQ-1"},
            {"op": "delete", "target": "REQ-1"},
            "to",
        ),
        (
            CREATE | {"links": [{"kind": "refines", "target": "REQ-1"}]},
            {"op": "delete", "target": "REQ-1"},
            "links.0.target",
        ),
        (CREATE | {"key": "REQ-9"}, CREATE | {"key": "req-9"}, "key"),
        (CREATE | {"key": "REQ-9"}, {"op": "rename", "target": "REQ-2", "key": "REQ-9"}, "key"),
        (
            {"op": "rename", "target": "REQ-1", "key": "REQ-9"},
            CREATE | {"key": "REQ-9"},
            "key",
        ),
        (
            {"op": "move", "target": "REQ-2", "parent": None},
            {"op": "move", "target": "REQ-2", "parent": "REQ-1"},
            "parent",
        ),
        (
            {"op": "move", "target": "REQ-1", "parent": "REQ-2"},
            {"op": "move", "target": "REQ-2", "parent": "REQ-1"},
            "parent",
        ),
        (
            {"op": "move", "target": "REQ-1", "after": "REQ-2"},
            {"op": "move", "target": "REQ-2", "after": None},
            "parent",
        ),
        (
            {"op": "link", "target": "REQ-2", "kind": "conflicts_with", "to": "REQ-1"},
            {"op": "link", "target": "REQ-1", "kind": "conflicts_with", "to": "REQ-2"},
            "to",
        ),
        (
            {"op": "link", "target": "REQ-2", "kind": "refines", "to": "REQ-1"},
            {"op": "link", "target": "REQ-2", "kind": "refines", "to": "REQ-1"},
            "to",
        ),
        (
            {"op": "unlink", "target": "TEST-4", "kind": "verifies", "to": "REQ-1"},
            {"op": "unlink", "target": "TEST-4", "kind": "verifies", "to": "REQ-1"},
            "to",
        ),
        ({"op": "delete", "target": "REQ-1"}, RETITLE, "title"),
        (
            {"op": "delete", "target": "REQ-2"},
            {"op": "edit", "target": "REQ-2", "body": "new"},
            "body",
        ),
    ],
)
def test_what_does_not_fit_any_more_conflicts_in_its_field(graph, ours, theirs, field):
    operations = graph.resolve(ours)
    graph.do(theirs)
    assert [(number, where) for number, where, *_ in conflicts(graph, operations)] == [(0, field)]


def test_what_was_restored_meanwhile_conflicts(graph):
    graph.do({"op": "delete", "target": "REQ-2"})
    operations = graph.resolve({"op": "restore", "target": "REQ-2"})
    graph.do({"op": "restore", "target": "REQ-2"})
    assert [each[:2] for each in conflicts(graph, operations)] == [(0, "target")]


def test_what_would_come_back_as_something_else_conflicts(graph):
    delete, restore = {"op": "delete", "target": "REQ-2"}, {"op": "restore", "target": "REQ-2"}
    graph.do(delete)
    operations = graph.resolve(restore)
    graph.do(restore)
    graph.do(delete)
    assert is_same(graph.rebase(operations), operations)
    graph.do(restore)
    graph.do({"op": "edit", "target": "REQ-2", "body": "new"}, delete)
    assert [each[:2] for each in conflicts(graph, operations)] == [(0, "body")]
    assert content_digest(graph.resolve(restore)) != content_digest(operations)


def test_a_part_whose_whole_was_deleted_meanwhile_does_not_come_back_alone(graph):
    graph.add("REQ-1.1", parent="REQ-1")
    graph.do({"op": "delete", "target": "REQ-1.1"})
    operations = graph.resolve({"op": "restore", "target": "REQ-1.1"})
    graph.do({"op": "delete", "target": "REQ-1"})
    assert [each[:2] for each in conflicts(graph, operations)] == [(0, "target")]


def test_a_link_more_that_would_end_asks_anew_without_conflict(graph):
    operations = graph.resolve({"op": "delete", "target": "TEST-4"})
    graph.do({"op": "link", "target": "TEST-4", "kind": "verifies", "to": "REQ-2"})
    rebased = graph.rebase(operations)
    assert (is_same(rebased, operations), rebased.conflicts) == (False, ())
    assert len(play(rebased.operations, graph.excerpt()).unlinked) == 2


def test_where_the_part_before_it_has_gone_it_stands_last_and_people_are_asked_anew(graph):
    operations = graph.resolve(CREATE | {"key": "REQ-9", "parent": "SPEC-1", "after": "REQ-1"})
    graph.do({"op": "move", "target": "REQ-1", "parent": None})
    rebased = graph.rebase(operations)
    assert (is_same(rebased, operations), rebased.conflicts) == (False, ())
    graph.apply(rebased.operations)
    assert graph.parts_of("SPEC-1") == ["REQ-2", "REQ-9"]


def test_two_that_put_something_behind_the_same_part_both_have_a_place(graph):
    one = graph.resolve(CREATE | {"key": "REQ-8", "parent": "SPEC-1"})
    other = graph.resolve(CREATE | {"key": "REQ-9", "parent": "SPEC-1"})
    graph.apply(one)
    rebased = graph.rebase(other)
    assert is_same(rebased, other)
    graph.apply(rebased.operations)
    assert graph.parts_of("SPEC-1") == ["REQ-1", "REQ-2", "REQ-9", "REQ-8"]


def test_what_was_written_against_an_older_version_is_brought_onto_the_present(graph):
    graph.do(edit("line 15\n", "line fifteen\n"), RETITLE)
    sent = {**edit("line 3\n", "line three\n"), "base": 1}
    operations = graph.resolve(sent)
    rebased = graph.rebase(operations)
    assert is_same(rebased, operations)
    graph.apply(rebased.operations)
    assert graph["REQ-1"].body.count("line three") == graph["REQ-1"].body.count("fifteen") == 1
    assert conflicts(graph, graph.resolve({**RETITLE, "base": 1}))


def test_the_digest_is_of_what_is_done_and_not_of_where_it_stands(graph):
    digest = content_digest(graph.resolve(*ALL))
    assert content_digest(graph.resolve(*ALL)) == digest
    for number, operation in enumerate(ALL):
        if operation["op"] in ("rename", "unlink", "move"):
            others = graph.resolve(*ALL[:number], *ALL[number + 1 :])
            assert content_digest(others) != digest
