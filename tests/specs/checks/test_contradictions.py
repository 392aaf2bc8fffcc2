"""What is in force at one time does not contradict itself, along links. How well texts are compared
stands in test_corpus.py.
"""

from dataclasses import replace

import pytest

from apps.specs.checks import contradictions
from apps.specs.choices import LinkKind, Op, Severity, Status
from tests.specs.checks.proposed import done, found, graph, link, node, proposal

SLOW = "The gateway shall answer\nwithin 2 s. The answer shall be at least 5 kB."
ONE = node("REQ-1", body="The answer shall be at most 1 kB.")
OTHER = node("REQ-2", body=SLOW)
CONFLICT = link("REQ-1", LinkKind.CONFLICTS_WITH, "REQ-2")


def linked(kind, one=ONE, other=OTHER):
    return proposal(graph([one, other]), graph([one, other], [link("REQ-1", kind, "REQ-2")]))


def judged(checked):
    return found(checked, "contradictions")


@pytest.mark.parametrize("kind", [LinkKind.RELATES_TO, LinkKind.REFINES])
def test_texts_that_are_linked_are_compared(kind):
    (one,) = judged(linked(kind))
    assert (one.severity, one.rule, one.key, one.field) == (
        Severity.WARNING,
        "bounds",
        "REQ-1",
        "body",
    )
    assert one.message == (
        "It contradicts REQ-2: “The answer shall be at least 5 kB.” No value is at most 1 kB and "
        "at least 5 kB."
    )
    assert (one.line, one.column) == (1, 1)


@pytest.mark.parametrize(
    "kind", [LinkKind.DEPENDS_ON, LinkKind.VERIFIES, LinkKind.SUPERSEDES, LinkKind.IMPLEMENTS]
)
def test_other_links_say_nothing_of_agreement(kind):
    assert judged(linked(kind)) == []


def test_what_is_changed_is_named_and_where_it_stands_in_it():
    before = graph([ONE, replace(OTHER, body="x")], [link("REQ-1", LinkKind.REFINES, "REQ-2")])
    after = graph([ONE, OTHER], before.links)
    (one,) = judged(proposal(before, after, done(Op.EDIT, "REQ-2")))
    assert (one.key, one.operation, one.line, one.column) == ("REQ-2", 0, 2, 13)
    assert "It contradicts REQ-1" in one.message


def test_what_contradicted_before_is_advice_and_what_is_untouched_is_silent():
    before = graph([ONE, OTHER], [link("REQ-1", LinkKind.REFINES, "REQ-2")])
    retitled = graph([replace(ONE, title="Another"), OTHER], before.links)
    (one,) = judged(proposal(before, retitled))
    assert one.severity == Severity.ADVICE
    assert judged(proposal(before, before)) == []


@pytest.mark.parametrize("change", [{"status": Status.DRAFT}, {"status": Status.RETIRED}])
def test_only_what_is_in_force_contradicts(change):
    assert judged(linked(LinkKind.RELATES_TO, replace(ONE, **change))) == []
    assert judged(linked(LinkKind.CONFLICTS_WITH, replace(ONE, **change))) == []


def test_a_conflict_that_is_named_is_a_warning_since_that_is_how_it_gets_settled():
    after = graph([ONE, node("REQ-2")], [CONFLICT])
    linking = done(Op.LINK, "REQ-1", link=CONFLICT)
    (one,) = judged(proposal(graph([ONE, node("REQ-2")]), after, linking))
    assert (one.severity, one.rule, one.operation) == (Severity.WARNING, "conflict", 0)


@pytest.mark.parametrize("was", [{"status": Status.DRAFT}, {"is_live": False}])
def test_what_is_known_to_conflict_is_not_brought_into_force(was):
    draft = replace(node("REQ-2"), **was)
    before = graph([ONE, draft], [CONFLICT] if was.get("status") else [])
    after = graph([ONE, node("REQ-2", version=2)], [CONFLICT])
    activating = done(Op.UPDATE, "REQ-2", after={"status": "active"})
    (one,) = judged(proposal(before, after, activating))
    assert (one.severity, one.rule, one.key) == (Severity.ERROR, "conflict", "REQ-2")
    assert (one.field, one.operation) == ("status", 0)
    assert '"target": "REQ-1", "changes": {"status": "retired"}' in one.fix
    retired = graph([replace(ONE, status=Status.RETIRED), node("REQ-2", version=2)], [CONFLICT])
    assert judged(proposal(before, retired, activating)) == []


def test_a_conflict_that_stood_does_not_hinder_another_change():
    before = graph([ONE, node("REQ-2")], [CONFLICT])
    after = graph([replace(ONE, title="Another"), node("REQ-2")], [CONFLICT])
    assert judged(proposal(before, after)) == []


def test_a_hub_with_thousands_of_links_is_compared_in_part_and_says_so(monkeypatch):
    monkeypatch.setattr(contradictions, "MOST", 2)
    hub = [node(f"REQ-{number}", body=SLOW) for number in range(2, 6)]
    links = [link("REQ-1", LinkKind.RELATES_TO, one.key) for one in hub]
    spoke = judged(proposal(graph(), graph([ONE, *hub], links)))
    assert len([one for one in spoke if one.rule == "bounds"]) == 2
    assert spoke[-1].message == "Of 4 linked pairs, 2 were compared."
