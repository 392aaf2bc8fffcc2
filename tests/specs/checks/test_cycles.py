"""Nothing leads back to itself, also by ways that the excerpt does not hold."""

import pytest

from apps.specs.choices import ACYCLIC, LinkKind, Op, Severity
from tests.specs.checks.proposed import Known, done, found, graph, link, node, proposal

A, B, C = node("REQ-1"), node("REQ-2"), node("REQ-3")


@pytest.mark.parametrize("kind", sorted(ACYCLIC))
def test_a_link_that_closes_a_cycle_is_named_with_its_path(kind):
    before = graph([A, B], [link("REQ-1", kind, "REQ-2")])
    closing = link("REQ-2", kind, "REQ-1")
    after = graph([A, B], [*before.links, closing])
    checked = proposal(before, after, done(Op.LINK, "REQ-2", link=closing))
    (one,) = found(checked, "cycles")
    assert (one.severity, one.rule, one.operation, one.key) == (Severity.ERROR, kind, 0, "REQ-2")
    way = kind.label.lower()
    assert f"REQ-1 {way} REQ-2" in one.message
    assert f"REQ-2 {way} REQ-1" in one.message


@pytest.mark.parametrize("kind", sorted(set(LinkKind) - ACYCLIC))
def test_other_kinds_may_lead_back(kind):
    before = graph([A, B], [link("REQ-1", kind, "REQ-2")])
    after = graph([A, B], [*before.links, link("REQ-2", kind, "REQ-1")])
    assert not found(proposal(before, after), "cycles")


def test_a_cycle_through_nodes_outside_the_excerpt_is_named_whole():
    beyond = Known(
        [
            ("REQ-2", LinkKind.DEPENDS_ON, "FAR-1"),
            ("FAR-1", LinkKind.DEPENDS_ON, "FAR-2"),
            ("FAR-2", LinkKind.DEPENDS_ON, "REQ-1"),
        ]
    )
    after = graph([A, B], [link("REQ-1", LinkKind.DEPENDS_ON, "REQ-2")])
    (one,) = found(proposal(graph([A, B]), after, reach=beyond), "cycles")
    assert all(key in one.message for key in ("REQ-1", "REQ-2", "FAR-1", "FAR-2"))


def test_a_leg_that_the_proposal_takes_away_closes_nothing():
    before = graph([A, B], [link("REQ-1", LinkKind.REFINES, "REQ-2")])
    after = graph([A, B], [link("REQ-2", LinkKind.REFINES, "REQ-1")])
    assert not found(proposal(before, after), "cycles")


def test_two_kinds_together_are_no_cycle():
    before = graph([A, B], [link("REQ-1", LinkKind.REFINES, "REQ-2")])
    after = graph([A, B], [*before.links, link("REQ-2", LinkKind.DEPENDS_ON, "REQ-1")])
    assert not found(proposal(before, after), "cycles")


def test_a_diamond_is_no_cycle():
    links = [
        link("REQ-1", LinkKind.REFINES, "REQ-2"),
        link("REQ-1", LinkKind.REFINES, "REQ-3"),
        link("REQ-2", LinkKind.REFINES, "REQ-3"),
    ]
    assert not found(proposal(graph([A, B, C]), graph([A, B, C], links)), "cycles")


def test_several_cycles_are_all_named():
    new = [
        link("REQ-2", LinkKind.REFINES, "REQ-1"),
        link("REQ-3", LinkKind.REFINES, "REQ-1"),
    ]
    old = [
        link("REQ-1", LinkKind.REFINES, "REQ-2"),
        link("REQ-1", LinkKind.REFINES, "REQ-3"),
    ]
    before = graph([A, B, C], old)
    assert len(found(proposal(before, graph([A, B, C], old + new)), "cycles")) == 2


def test_a_node_moved_below_itself_is_an_error_even_far_below():
    before = graph([node("DOC-1", "spec"), node("DOC-1.far", "section", parent="DOC-1.mid")])
    after = graph(
        [node("DOC-1", "spec", parent="DOC-1.far"), *list(before.nodes.values())[1:]],
    )
    beyond = Known(parents={"DOC-1.far": "DOC-1.mid", "DOC-1.mid": "DOC-1"})
    moving = done(Op.MOVE, "DOC-1", after={"parent": "DOC-1.far"})
    (one,) = found(proposal(before, after, moving, reach=beyond), "cycles")
    assert (one.severity, one.rule, one.operation) == (Severity.ERROR, "parents", 0)
    assert (one.key, one.field) == ("DOC-1", "parent")
    assert "DOC-1.mid is a part of DOC-1" in one.message


def test_what_is_moved_out_of_the_way_first_closes_nothing():
    before = graph([node("DOC-1", "spec"), node("DOC-2", "spec", parent="DOC-1")])
    after = graph([node("DOC-1", "spec", parent="DOC-2"), node("DOC-2", "spec")])
    beyond = Known(parents={"DOC-2": "DOC-1"})
    assert not found(proposal(before, after, reach=beyond), "cycles")
