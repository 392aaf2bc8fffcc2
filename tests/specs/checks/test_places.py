"""Findings name the operation that brought them in, of a proposal as it is really resolved."""

import pytest

from apps.specs.checks.registry import run_checks
from apps.specs.choices import Severity
from tests.specs.changes.graphs import Graph, play
from tests.specs.checks.proposed import proposal

SCHEMAS = {"requirement": {"properties": {"risk": {"enum": ["low", "high"]}}}}


@pytest.fixture
def graph():
    graph = Graph()
    graph.add("REQ-1", body="The till shall print a slip.")
    graph.add("GOAL-1", "goal")
    graph.add("TEST-1", "test")
    graph.link("REQ-1", "refines", "GOAL-1")
    graph.link("TEST-1", "verifies", "REQ-1")
    return graph


def findings(graph, *sent):
    operations = graph.resolve(*sent)
    played = play(operations, graph.excerpt())
    return [
        (one.check, one.rule, one.severity, one.operation, one.key, one.field)
        for one in run_checks(proposal(played.before, played.after, *operations, schemas=SCHEMAS))
    ]


def test_each_finding_has_its_operation(graph):
    assert findings(
        graph,
        {"op": "update", "target": "REQ-1", "changes": {"title": "p\u0430y"}},
        {"op": "set", "target": "REQ-1", "attribute": "risk", "value": "odd"},
        {"op": "edit", "target": "REQ-1", "body": "The till shall print a slip soon."},
        {"op": "unlink", "target": "TEST-1", "kind": "verifies", "to": "REQ-1"},
    ) == [
        ("schema", "", Severity.ERROR, 1, "REQ-1", "attributes.risk"),
        ("hidden", "lookalike", Severity.WARNING, 0, "REQ-1", "title"),
        ("style", "vague_time", Severity.WARNING, 2, "REQ-1", "body"),
        ("orphaned_tests", "", Severity.WARNING, 3, "TEST-1", "links"),
    ]


def test_what_is_deleted_while_others_lead_to_it(graph):
    assert findings(graph, {"op": "delete", "target": "GOAL-1"}) == [
        ("dangling", "link", Severity.ERROR, 0, "GOAL-1", "links")
    ]
    mended = (
        {"op": "unlink", "target": "REQ-1", "kind": "refines", "to": "GOAL-1"},
        {"op": "delete", "target": "GOAL-1"},
    )
    assert findings(graph, *mended) == []


def test_what_is_created_in_one_proposal_and_linked_in_a_circle(graph):
    assert findings(
        graph,
        {"op": "create", "kind": "goal", "key": "GOAL-2", "title": "Two"},
        {"op": "link", "target": "GOAL-2", "kind": "depends_on", "to": "GOAL-1"},
        {"op": "link", "target": "GOAL-1", "kind": "depends_on", "to": "GOAL-2"},
    )[0][:3] == ("cycles", "depends_on", Severity.ERROR)


def test_what_is_undone_has_no_new_faults(graph):
    inverse = graph.do({"op": "edit", "target": "REQ-1", "body": "The till should print."})
    assert findings(graph, *inverse) == []
