"""Nothing leads to what a proposal deletes."""

from apps.specs.choices import LinkKind, Op, Severity
from tests.specs.checks.proposed import deleted, done, found, graph, link, node, proposal

REQ, GOAL = node("REQ-1"), node("GOAL-1", "goal")
REFINES = link("REQ-1", LinkKind.REFINES, "GOAL-1")


def test_a_link_to_what_is_deleted_is_an_error_with_the_operation_that_mends_it():
    before = graph([REQ, GOAL], [REFINES])
    checked = proposal(before, deleted(before, "GOAL-1"), done(Op.DELETE, "GOAL-1"))
    (one,) = found(checked, "dangling")
    assert (one.severity, one.rule, one.operation) == (Severity.ERROR, "link", 0)
    assert (one.key, one.message) == ("GOAL-1", "GOAL-1 is deleted, but REQ-1 refines GOAL-1.")
    assert '{"op": "unlink", "target": "REQ-1", "kind": "refines", "to": "GOAL-1"}' in one.fix


def test_the_same_with_the_link_taken_away_is_none():
    before = graph([REQ, GOAL], [REFINES])
    without = deleted(graph([REQ, GOAL]), "GOAL-1")
    assert not found(proposal(before, without, done(Op.DELETE, "GOAL-1")), "dangling")


def test_its_own_links_end_with_a_node():
    before = graph([REQ, GOAL], [REFINES])
    for own in (True, False):
        after = deleted(before, "REQ-1", own_links=own)
        assert not found(proposal(before, after, done(Op.DELETE, "REQ-1")), "dangling")


def test_nothing_is_linked_anew_to_what_is_deleted():
    before = graph([REQ, GOAL])
    after = deleted(graph([REQ, GOAL], [REFINES]), "GOAL-1", own_links=True)
    linking = done(Op.LINK, "REQ-1", link=REFINES, target_key="GOAL-1")
    (one,) = found(proposal(before, after, done(Op.DELETE, "GOAL-1"), linking), "dangling")
    assert (one.severity, one.operation) == (Severity.ERROR, 1)


def test_a_live_part_of_what_is_deleted_is_an_error():
    before = graph([node("DOC-1", "spec"), node("DOC-1.intro", "section", parent="DOC-1")])
    checked = proposal(before, deleted(before, "DOC-1"), done(Op.DELETE, "DOC-1"))
    (one,) = found(checked, "dangling")
    assert (one.severity, one.rule, one.key) == (Severity.ERROR, "part", "DOC-1")
    assert '"op": "move", "target": "DOC-1.intro"' in one.fix
    both = deleted(before, "DOC-1", "DOC-1.intro")
    assert not found(proposal(before, both, done(Op.DELETE, "DOC-1")), "dangling")


def test_nothing_becomes_a_part_of_what_is_deleted():
    before = graph([node("DOC-1", "spec"), REQ])
    after = deleted(graph([node("DOC-1", "spec"), node("REQ-1", parent="DOC-1")]), "DOC-1")
    moving = done(Op.MOVE, "REQ-1", after={"parent": "DOC-1"})
    found_ = found(proposal(before, after, moving, done(Op.DELETE, "DOC-1")), "dangling")
    assert [(one.severity, one.rule, one.operation) for one in found_] == [
        (Severity.ERROR, "part", 1)
    ]
