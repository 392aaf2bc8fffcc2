"""A test that a proposal leaves with nothing to verify is named."""

from apps.specs.choices import LinkKind, Op, Severity
from tests.specs.checks.proposed import Known, deleted, done, found, graph, link, node, proposal

TEST, REQ, OTHER = node("TEST-1", "test"), node("REQ-1"), node("REQ-2")
VERIFIES = link("TEST-1", LinkKind.VERIFIES, "REQ-1")


def test_the_last_link_of_a_test_taken_away_is_a_warning():
    before = graph([TEST, REQ], [VERIFIES])
    unlinking = done(Op.UNLINK, "TEST-1", link=VERIFIES)
    (one,) = found(proposal(before, graph([TEST, REQ]), unlinking), "orphaned_tests")
    assert (one.severity, one.operation, one.key) == (Severity.WARNING, 0, "TEST-1")
    assert one.message == "TEST-1 would verify nothing any more."
    assert '{"op": "delete", "target": "TEST-1"}' in one.fix


def test_the_last_requirement_of_a_test_deleted_is_one_too():
    before = graph([TEST, REQ], [VERIFIES])
    checked = proposal(before, deleted(before, "REQ-1"), done(Op.DELETE, "REQ-1"))
    (one,) = found(checked, "orphaned_tests")
    assert one.operation == 0


def test_a_test_that_verifies_something_else_is_none_even_outside_the_excerpt():
    before = graph([TEST, REQ], [VERIFIES])
    beyond = Known([("TEST-1", LinkKind.VERIFIES, "REQ-1"), ("TEST-1", LinkKind.VERIFIES, "FAR-9")])
    assert not found(proposal(before, graph([TEST, REQ]), reach=beyond), "orphaned_tests")


def test_a_test_that_is_linked_elsewhere_or_deleted_too_is_none():
    before = graph([TEST, REQ, OTHER], [VERIFIES])
    elsewhere = graph([TEST, REQ, OTHER], [link("TEST-1", LinkKind.VERIFIES, "REQ-2")])
    assert not found(proposal(before, elsewhere), "orphaned_tests")
    assert not found(proposal(before, deleted(before, "REQ-1", "TEST-1")), "orphaned_tests")


def test_what_is_no_test_may_stop_verifying():
    before = graph([node("TASK-1", "task"), REQ], [link("TASK-1", LinkKind.VERIFIES, "REQ-1")])
    after = graph([node("TASK-1", "task"), REQ])
    assert not found(proposal(before, after), "orphaned_tests")
