"""Whatever is proposed, checks answer; and one that fails lets nothing pass."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.specs.changes.values import Excerpt, LinkState, NodeState, Operation
from apps.specs.checks import registry
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import Check, checks, run_checks
from apps.specs.choices import LinkKind, NodeKind, Op, Severity, Status
from tests.pages import the_only
from tests.specs.checks.proposed import Known, graph, proposal, said


def only(monkeypatch, run):
    monkeypatch.setattr(registry, "checks", lambda: {"planted": Check("planted", "Planted", run)})


def test_every_file_of_the_folder_registers_a_check_of_its_name():
    folder = Path(registry.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "findings", "registry"}
    assert set(checks()) == files
    assert all(one.title for one in checks().values())


def test_the_example_of_the_docs_is_a_check(monkeypatch):
    planted: dict = {}
    monkeypatch.setattr(registry, "_registered", planted)
    exec(
        the_only("python", "checks.md"), {**vars(registry), "Iterator": Iterator, "Status": Status}
    )
    (one,) = planted["owners"].run(said("anything"))
    assert (one.severity, one.message) == (Severity.WARNING, "Nobody looks after REQ-1.")


def test_a_check_that_raises_is_an_error_and_a_line_in_the_log(monkeypatch, caplog):
    def broken(checked):
        yield Finding(check="planted", severity=Severity.ADVICE, message="seen")
        raise ZeroDivisionError

    only(monkeypatch, broken)
    with caplog.at_level(logging.ERROR):
        failed, seen = run_checks(said("anything"))
    assert (failed.severity, failed.rule) == (Severity.ERROR, "failed")
    assert seen.message == "seen"
    assert "planted" in caplog.text


def test_what_forbids_comes_first_and_is_never_cut_off(monkeypatch):
    def talkative(checked):
        for number in range(1_000):
            yield Finding(check="planted", severity=Severity.ADVICE, message=str(number))
        yield Finding(check="planted", severity=Severity.ERROR, message="no")

    only(monkeypatch, talkative)
    found = run_checks(said("anything"))
    assert len(found) == registry.MOST + 1
    assert found[0].message == "no"


def test_findings_are_kept_as_json():
    (one, *_) = run_checks(said("a\u202eb"))
    kept = json.loads(json.dumps(one.kept()))
    assert kept["check"] == "hidden"
    assert (kept["severity"], kept["line"], kept["column"]) == ("error", 1, 2)


def test_nothing_is_said_of_what_does_not_change():
    bad = said("a\u202eb, as appropriate, and/or TBD").after
    assert run_checks(proposal(bad, bad)) == ()


ids = st.integers(1, 6).map(lambda number: UUID(int=number))
_PROSE = [
    "the system shall",
    "must not",
    "and/or",
    "within 5 ms",
    "at most",
    "be sent by",
    "no",
    "if",
]
_MARKS = ["`x`", ",", ".", "- ", "```", "|", "(", "≥", "±", "don't", "TBD", "\n", "\n\n", "…"]
texts = st.text(max_size=60) | st.lists(st.sampled_from(_PROSE + _MARKS), max_size=25).map(" ".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
states = st.builds(
    NodeState,
    id=ids,
    key=st.text(max_size=12),
    kind=st.sampled_from(NodeKind.values) | st.text(max_size=5),
    title=texts,
    body=texts,
    attributes=st.dictionaries(st.text(max_size=5), values, max_size=3),
    labels=st.tuples(st.text(max_size=5)),
    status=st.sampled_from(Status),
    parent=st.none() | ids,
    is_live=st.booleans(),
)
links = st.frozensets(st.builds(LinkState, ids, st.sampled_from(LinkKind), ids), max_size=8)
excerpts = st.builds(
    lambda nodes, links, parts: Excerpt(
        nodes={one.id: one for one in nodes}, links=links, parts=parts
    ),
    st.lists(states, max_size=6),
    links,
    st.dictionaries(ids, st.lists(ids, max_size=3), max_size=3),
)
operations = st.builds(
    Operation,
    op=st.sampled_from(Op),
    node=ids,
    key=st.text(max_size=5),
    kind=st.sampled_from(NodeKind.values),
    base=st.integers(0, 3),
    after=st.dictionaries(st.sampled_from(["title", "body", "attributes.x", "parent"]), texts),
    link=st.none() | st.builds(LinkState, ids, st.sampled_from(LinkKind), ids),
)
schemas = st.dictionaries(
    st.sampled_from(NodeKind.values),
    st.dictionaries(
        st.sampled_from(["type", "required", "properties", "$ref", "enum", "pattern", "anyOf"]),
        values,
        max_size=3,
    ),
)


@pytest.mark.long
@given(excerpts, excerpts, st.lists(operations, max_size=4), schemas)
@settings(max_examples=60, deadline=None)
def test_no_check_ever_fails(before, after, done, schemas):
    checked = Checked(operations=done, before=before, after=after, schemas=schemas, reach=Known())
    assert [one for one in run_checks(checked) if one.rule == "failed"] == []


def test_an_empty_proposal_has_no_findings():
    assert run_checks(proposal(graph(), graph())) == ()
    gone = said("x")
    assert run_checks(replace(gone, before=gone.after, after=graph())) == ()
