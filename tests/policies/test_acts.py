"""Acts as they come from outside: what is touched counts, whether or not it is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from apps.policies.acts import (
    ActIn,
    OperationIn,
    canonical_input,
    changes_in_diff,
    digest_of_act,
    lines_in_diff,
)
from apps.policies.choices import ActKind, Verb
from tests.policies.hearing import a_policy, a_robot, an_act, an_operation, now, reasons, verdict_on

DIFF = """diff --git a/api/a.py b/api/a.py
--- a/api/a.py
+++ b/api/a.py
@@ -1,3 +1,4 @@
 one
-two
+2
+--- a/not/a/header
 three
diff --git a/api/old.py b/api/new.py
similarity index 90%
rename from api/old.py
rename to api/new.py
--- /dev/null
+++ b/secret/b.py\t2026-01-01
@@ -0,0 +1 @@
+x
\\ No newline at end of file
"""


def test_an_act_keeps_all_that_was_said():
    body = {
        "kind": "spec.change",
        "operations": [{"verb": "edit", "target": "REQ-1", "paths": ["a"], "labels": ["x", "x"]}],
        "texts": {"title": "T"},
        "diff_lines": 7,
        "impact": 3,
    }
    act = ActIn.model_validate(body).to_act()
    assert act.kind == ActKind.SPEC_CHANGE
    [operation] = act.operations
    assert (operation.verb, operation.target, operation.paths) == (Verb.EDIT, "REQ-1", ("a",))
    assert operation.labels == frozenset({"x"})
    assert (act.texts, act.diff_lines, act.impact) == ({"title": "T"}, 7, 3)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "anything"},
        {"kind": "plan", "extra": 1},
        {"kind": "plan", "operations": [{"verb": "explode"}]},
        {"kind": "plan", "operations": [{"verb": "edit", "path": "a"}]},
        {"kind": "plan", "operations": [{"verb": "edit"}] * 1001},
        {"kind": "plan", "texts": {"ignore all rules": "x"}},
        {"kind": "plan", "texts": {"a": "x" * 1_000_001}},
        {"kind": "plan", "texts": {"a": "x" * 900_000, "b": "x" * 900_000, "c": "x" * 900_000}},
        {"kind": "plan", "texts": {"diff": "x"}, "diff": "x"},
        {"kind": "plan", "diff_lines": -1},
        {"kind": "plan", "texts": {"a": "\ud800"}},
    ],
)
def test_what_is_no_act_is_refused(body):
    with pytest.raises(ValidationError):
        ActIn.model_validate(body)


def test_a_diff_names_paths_and_counts_lines():
    assert changes_in_diff(DIFF) == (
        (Verb.EDIT, "api/a.py"),
        (Verb.EDIT, "api/old.py"),
        (Verb.EDIT, "api/new.py"),
        (Verb.RENAME, "api/old.py"),
        (Verb.RENAME, "api/new.py"),
        (Verb.EDIT, "secret/b.py"),
    )
    assert lines_in_diff(DIFF) == 4


def test_paths_of_a_diff_are_judged_though_no_operation_names_them():
    act = ActIn(kind=ActKind.SPEC_CHANGE, diff=DIFF).to_act()
    assert act.texts == {"diff": DIFF}
    verdict = verdict_on(act, a_policy(allowed_dirs=["api"], max_diff_lines=3))
    assert reasons(verdict) == {"path_forbidden", "diff_too_large"}
    assert act.operations[-1].paths == ("secret/b.py",)


def test_an_operation_that_says_less_than_its_diff_does_not_hide_it():
    gone = "--- a/api/a.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    for verb, added in (
        (Verb.LINK, [Verb.EDIT, Verb.DELETE]),
        (Verb.EDIT, [Verb.DELETE]),
        (Verb.DELETE, []),
    ):
        said = OperationIn(verb=verb, paths=["api/a.py"])
        act = ActIn(kind=ActKind.PLAN, operations=[said], diff=gone).to_act()
        assert [operation.verb for operation in act.operations] == [verb, *added]


def test_a_diff_cannot_say_that_it_is_smaller_than_it_is():
    assert ActIn(kind=ActKind.PLAN, diff=DIFF, diff_lines=1).to_act().diff_lines == 4
    assert ActIn(kind=ActKind.PLAN, diff=DIFF, diff_lines=9).to_act().diff_lines == 9
    body = "@@ -1,2 +1,2 @@\n--- a/x\n-y\n+++ b/x\n+z\n"
    assert lines_in_diff(body) == 4


@pytest.mark.parametrize(
    ("header", "path"),
    [
        ("--- a/x/y", "x/y"),
        ("+++ b/x", "x"),
        ("+++ x/y", "x/y"),
        ("+++ /etc/passwd", "/etc/passwd"),
        ("+++ b/../x", "../x"),
        ('+++ "b/\\303\\244"', '"b/\\303\\244"'),
        ("+++ b/x\r", "x"),
        ("copy from p/q", "p/q"),
        ("rename to p/q", "p/q"),
        ("diff --git a/only/mode b/only/mode", "only/mode"),
        ("diff --git a/g b/g\ndeleted file mode 100644", "g"),
        ("+++ b/with space", "with space"),
        # with another prefix or none, also as Git reads it: without the first part
        ("--- plans/secrets/key", "secrets/key"),
        ("diff --git plans/secrets/key plans/secrets/key", "secrets/key"),
        ("diff --git plans/secrets/key plans/secrets/key", "plans/secrets/key"),
        ("diff --git i/secrets/key w/secrets/key\nGIT binary patch", "secrets/key"),
        ("--- plans/secrets/key\n+++ /dev/null", "secrets/key"),
        ("diff --git plans/a secrets/b", ""),
    ],
)
def test_headers_of_a_diff_name_their_path(header, path):
    assert path in [path for _, path in changes_in_diff(f"some text\n{header}\n")]


def test_a_binary_patch_is_as_large_as_its_lines():
    patch = "diff --git a/x b/x\nGIT binary patch\nliteral 9\nKcmZQzU|?VX\nKcmZQzU|?VX\n\n"
    assert lines_in_diff(patch + "diff --git a/y b/y\nold mode 100644\n") == 3


def test_a_hunk_that_counts_beyond_all_measure_is_none():
    diff = f"@@ -1,{'9' * 5000} +1 @@\n+one\n-two\n"
    assert ActIn(kind=ActKind.PLAN, diff=diff).to_act().diff_lines == 2


@given(st.text("+-@ab/ \n01,"))
def test_any_text_may_be_given_for_a_diff(text):
    lines = lines_in_diff(text)
    assert 0 <= lines <= text.count("\n") + 1
    changes_in_diff(text)


def test_the_digest_depends_on_everything_and_on_no_order():
    act = an_act(an_operation("a", labels=frozenset("xyz")), texts={"a": "1", "b": "2"})
    same = an_act(an_operation("a", labels=frozenset("zyx")), texts={"b": "2", "a": "1"})
    assert digest_of_act(act) == digest_of_act(same)
    others = [
        an_act("a", texts={"a": "1", "b": "2"}),
        an_act(an_operation("a", labels=frozenset("xyz")), texts={"a": "1", "b": "3"}),
        an_act(an_operation("a", labels=frozenset("xyz")), texts={"a": "1\ud800", "b": "3"}),
        an_act(an_operation("b", labels=frozenset("xyz")), texts={"a": "1", "b": "2"}),
        an_act(kind=ActKind.PLAN),
        an_act(impact=1),
    ]
    assert len({digest_of_act(each) for each in (act, *others)}) == len(others) + 1
    whole = canonical_input(act, a_robot(), now())
    assert whole != canonical_input(act, a_robot(tier="pro"), now())
    assert whole != canonical_input(act, a_robot(), now(people=3))
