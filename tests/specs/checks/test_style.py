"""Where the style check looks, what place and which fix it names. How well it judges stands in
test_corpus.py.
"""

import pytest

from apps.specs.checks import style
from apps.specs.choices import Op, Severity, Status
from tests.specs.checks.proposed import done, found, graph, node, proposal, said


def judged(body, **given):
    return found(said(body, **given), "style")


def test_the_place_is_line_and_column_of_the_words():
    (one,) = judged("Payment is hard.\n\n- The gateway shall log it\n  as soon as possible.")
    assert (one.rule, one.severity, one.field) == ("vague_time", Severity.WARNING, "body")
    assert (one.line, one.column) == (4, 3)
    assert "as soon as possible" in one.message


@pytest.mark.parametrize(
    ("body", "fix"),
    [
        (
            "The system should log it.",
            "If it is demanded, write: The system shall log it.",
        ),
        (
            "The till shall print a slip and shall open the drawer.",
            "Make a requirement of each: “The till shall print a slip.” "
            "“The till shall open the drawer.”",
        ),
        (
            "The form shall accept names and/or numbers.",
            "Write: names or numbers, or both. Or say only one of them.",
        ),
    ],
)
def test_what_can_be_written_out_is(body, fix):
    (one,) = judged(body)
    assert one.fix == fix


def test_only_requirements_and_constraints_that_are_not_retired_are_judged():
    bad = "The system should be fast and/or nice."
    assert judged(bad, kind="goal") == judged(bad, kind="spec") == []
    retired = graph([node("REQ-1", body=bad, status=Status.RETIRED)])
    assert found(proposal(graph(), retired), "style") == []
    rules = {one.rule for one in judged(bad, kind="constraint")}
    assert rules == {"weasel", "and_or"}


def test_a_title_is_judged_where_there_is_nothing_else():
    titled = graph([node("REQ-1", title="The system shall be user-friendly", body=" \n")])
    (one,) = found(proposal(graph(), titled, done(Op.CREATE, "REQ-1")), "style")
    assert (one.rule, one.field, one.operation) == ("weasel", "title", 0)


def test_a_sentence_that_stood_before_is_advice():
    old = "The system shall be user-friendly."
    (one,) = judged(f"{old}\n\nNote: see there.", before=old)
    assert one.severity == Severity.ADVICE
    assert judged(old, before=old) == []


def test_passive_is_advice():
    (one,) = judged("Data shall be encrypted.")
    assert (one.rule, one.severity) == ("passive", Severity.ADVICE)


def test_what_is_too_long_is_read_in_part_and_says_so(monkeypatch):
    monkeypatch.setattr(style, "MOST_CHARACTERS", 40)
    nodes = [node(f"REQ-{n}", body="The gateway shall log each card.") for n in range(3)]
    (one,) = found(proposal(graph(), graph(nodes)), "style")
    assert (one.rule, one.severity) == ("length", Severity.ADVICE)
    (one,) = judged("The gateway shall log. " + "It logs. " * 9_000)
    assert one.rule == "length"
