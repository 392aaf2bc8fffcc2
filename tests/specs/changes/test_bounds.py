"""Nothing that fits into one request is minutes of work."""

import time
from dataclasses import replace

import pytest

from apps.common.ids import uuid7
from apps.specs import schemas
from apps.specs.changes.values import NodeState
from apps.specs.changes.words import diff_of
from apps.specs.errors import OperationsInvalid
from apps.specs.schemas import MOST_CHARACTERS, MOST_LINKS, MOST_OPERATIONS, read_operations
from tests.specs.changes.graphs import Graph

LINE = "It SHALL keep {}.\n"


@pytest.fixture
def graph():
    return Graph()


def edits(target, count):
    return [
        {"op": "edit", "target": target, "old": LINE.format(number), "new": f"{number}.\n"}
        for number in range(count)
    ]


@pytest.mark.parametrize("filling", ["\n", "The shop keeps what it is told to keep.\n"])
def test_many_edits_of_a_long_body_are_refused_before_they_are_work(graph, filling):
    said = "".join(LINE.format(number) for number in range(MOST_OPERATIONS))
    room = (MOST_CHARACTERS - len(said)) // len(filling)
    graph.add("REQ-1", body=said + filling * room)
    began = time.thread_time()
    faults = graph.faults(*edits("REQ-1", MOST_OPERATIONS))
    assert time.thread_time() - began < 10
    first, field, code = faults[0]
    assert (field, code) == ("target", "too_much")
    assert 1 <= first <= 5
    assert [number for number, *_ in faults] == [*range(first, MOST_OPERATIONS)]


def test_it_counts_the_bodies_of_all_nodes_together(graph):
    for number in range(7):
        graph.add(f"REQ-{number}", body=LINE.format(0) + "x" * (MOST_CHARACTERS - 100))
    faults = graph.faults(*(edits(f"REQ-{number}", 1)[0] for number in range(7)))
    assert faults == [(5, "target", "too_much"), (6, "target", "too_much")]


def test_many_edits_of_a_short_body_are_taken(graph):
    graph.add("REQ-1", body="".join(LINE.format(number) for number in range(MOST_OPERATIONS)))
    graph.do(*edits("REQ-1", MOST_OPERATIONS))
    assert graph["REQ-1"].body == "".join(f"{number}.\n" for number in range(MOST_OPERATIONS))


def test_several_edits_of_a_body_are_undone_by_one(graph):
    before = "".join(LINE.format(number) for number in range(9))
    graph.add("REQ-1", body=before)
    undo = graph.do(*edits("REQ-1", 9))
    assert [each["op"] for each in undo] == ["edit"]
    assert diff_of(graph.resolve(*undo)[0]).count("\n-") == 9
    graph.do(*undo)
    assert graph["REQ-1"].body == before


def test_edits_that_come_to_nothing_leave_nothing_to_undo(graph):
    graph.add("REQ-1", body="One.\n")
    there = {"op": "edit", "target": "REQ-1", "old": "One", "new": "Two"}
    back = {"op": "edit", "target": "REQ-1", "old": "Two", "new": "One"}
    again = {"op": "set", "target": "REQ-1", "attribute": "seen", "value": True}
    assert [each["op"] for each in graph.do(there, back, again)] == ["set"]


def test_nodes_do_not_bring_any_number_of_links():
    link = {"kind": "refines", "target": "GOAL-1"}
    create = {"op": "create", "kind": "goal", "title": "New", "links": [link] * 200}
    assert len(read_operations([create] * (MOST_LINKS // 200))) == MOST_LINKS // 200
    with pytest.raises(OperationsInvalid) as refused:
        read_operations([create] * (MOST_LINKS // 200 + 1))
    assert refused.value.details[0]["code"] == "too_much"


def test_what_is_put_among_many_parts_does_not_look_at_each(graph):
    whole = graph.add("DOC-1", kind="spec")
    blank = NodeState(id=uuid7(), key="", kind="section", title="", parent=whole.id, version=1)
    for number in range(10_000):
        graph._keep(replace(blank, id=uuid7(), key=f"DOC-1.{number}", rank=f"{number:07}1"))
    sent = {"op": "create", "kind": "section", "title": "New", "parent": "DOC-1"}
    creates = graph.resolve(*(sent | {"after": f"DOC-1.{n * 9}"} for n in range(MOST_OPERATIONS)))
    began = time.thread_time()
    assert graph.rebase(creates).played is not None
    assert time.thread_time() - began < 1.5


def test_what_does_not_fit_into_one_proposal_is_split(monkeypatch):
    monkeypatch.setattr(schemas, "MOST_LINKS", 5)
    monkeypatch.setattr(schemas, "MOST_EDITED", 50)
    create = {"op": "create", "links": [{}, {}]}
    rewrite = {"op": "edit", "body": "x" * 20}
    assert schemas.fitting([create] * 3) == 2
    assert schemas.fitting([rewrite] * 3) == 2
    assert schemas.fitting([{"op": "edit", "body": "x" * 60}, rewrite]) == 1
    assert schemas.fitting([{"op": "delete"}] * 600) == MOST_OPERATIONS
