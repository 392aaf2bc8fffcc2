"""From an edit as it is sent to the body: patches that fit, and where others do not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.diffs.hunks import Misfit, apply_hunks, hunks_between
from apps.common.diffs.unified import read_hunks, written_hunk
from apps.specs.changes.editing import EditUnfit, edited
from apps.specs.schemas import EditIn

BODY = "one\ntwo\nthree\nfour\nfive\n"
LINES = st.lists(st.sampled_from(["a", "b", "c\r", "", " ", "-- x", "++ y", "\\"]), max_size=12)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n"]))


def edit(text, /, **said):
    sent = EditIn.model_validate({"op": "edit", "target": "REQ-1", **said})
    return edited(sent, text)


def unfit(text, /, **said):
    with pytest.raises(EditUnfit) as refused:
        edit(text, **said)
    return refused.value.field, refused.value.message


def patch_between(old, new):
    return "".join(f"{line}\n" for hunk in hunks_between(old, new) for line in written_hunk(hunk))


@given(TEXTS, TEXTS)
def test_a_patch_between_two_texts_leads_from_one_to_the_other(old, new):
    if old == new:
        return
    assert edit(old, patch=patch_between(old, new)) == new
    hunks, _ = read_hunks(patch_between(old, new).split("\n"), 0)
    assert apply_hunks(hunks, old) == new


def test_headers_of_a_patch_are_passed_over():
    patch = patch_between(BODY, BODY.replace("two", "2"))
    assert edit(BODY, patch=f"--- a/REQ-1.md\n+++ b/REQ-1.md\n{patch}\n") == BODY.replace(
        "two", "2"
    )


def test_a_patch_whose_lines_stand_elsewhere_and_only_there_is_meant_for_there():
    patch = "@@ -9,2 +9,2 @@\n three\n-four\n+4\n"
    assert edit(BODY, patch=patch) == BODY.replace("four", "4")
    assert "line 9 of the body is `four`" in unfit(2 * BODY, patch=patch)[1]
    assert unfit(BODY, patch="@@ -9 +9 @@\n-fiv\n+5\n")[1] == (
        "It does not fit: line 9 of the body is the end, and the patch has `fiv` there."
    )


def test_a_patch_that_does_not_fit_says_where():
    assert unfit(BODY, patch="@@ -1,3 +1,3 @@\n one\n-zwei\n+2\n three\n") == (
        "patch",
        "It does not fit: line 2 of the body is `two`, and the patch has `zwei` there.",
    )
    end = "\\ No newline at end of file\n"
    assert unfit("one\n", patch=f"@@ -1 +1 @@\n-one\n{end}+1\n{end}") == (
        "patch",
        "It does not fit: line 1 of the body is `one`, "
        "and the patch has `one` without a line feed there.",
    )


def test_a_patch_that_is_silent_on_the_last_line_leaves_its_end_as_it_is():
    assert edit("one", patch="@@ -1 +1,2 @@\n one\n+two\n") == "one\ntwo"
    assert edit("one\ntwo", patch="@@ -1,2 +1 @@\n one\n-two\n") == "one"


@pytest.mark.parametrize(
    "patch",
    [
        *("", "two\n", "@@ -1 +1 @@", "@@ -1 +1 @@\n one\n", "@@ -1,2 +1,2 @@\n-one\n+1\n"),
        *("@@ -1 +1 @@\n-one\n+1\n+2\n", "@@ -1 +1 @@\n-one\n+1\ndiff\n", "@@ -5,0 +6 @@\n+six"),
        "@@ -1 +1 @@\n-one\n\\ No newline at end of file\n+1\n",
    ],
)
def test_what_is_no_patch_is_refused(patch):
    assert patch == "@@ -5,0 +6 @@\n+six" or unfit(BODY, patch=patch)[0] == "patch"


@pytest.mark.parametrize(
    "patch",
    [
        "@@ -1,0 +2 @@\n+two\n",
        "@@ -0,0 +1 @@\n+zero\n\\ No newline at end of file\n",
    ],
)
def test_no_patch_runs_two_lines_into_one(patch):
    (hunk,), _ = read_hunks(patch.split("\n"), 0)
    with pytest.raises(Misfit):
        apply_hunks([hunk], "one")


def test_what_is_replaced_stands_there_once():
    assert edit("a b a", old="b", new="") == "a  a"
    assert unfit("a b a", old="a", new="c")[0] == "old"
    assert unfit("aaa", old="aa", new="c")[0] == "old"
    assert unfit("a", old="b", new="c")[0] == "old"
    assert "CRLF" in unfit("a\r\nb\r\n", old="a\nb", new="c")[1]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("body", {"body": BODY}),
        ("new", {"old": "one", "new": "one"}),
        ("new", {"old": "one", "new": "x" * 1_000_000}),
    ],
)
def test_an_edit_changes_something_and_not_beyond_bounds(field, said):
    assert unfit(BODY, **said)[0] == field


def test_line_ends_and_the_end_of_the_text_stay_as_they_are():
    assert edit("a\r\nb\r\nc", old="b", new="B") == "a\r\nB\r\nc"
    (hunk,) = hunks_between("a\r\nb\r\nc", "a\r\nB\r\nc")
    assert apply_hunks([hunk], "a\r\nb\r\nc") == "a\r\nB\r\nc"


def test_a_large_body_takes_no_long_time():
    body = "".join(f"line {number % 97}\n" for number in range(100_000))
    new = body.replace("line 3\n", "line three\n")
    begin = time.process_time()
    assert edit(body, patch=patch_between(body, new)) == new
    assert unfit(body, patch="@@ -7,2 +7,2 @@\n line 5\n-line 7\n+x\n")
    same = "a\n" * 500_000
    long = "".join([" a\n" * 200_000, "-b\n+c\n"])
    assert unfit(same, patch=f"@@ -9,200001 +9,200001 @@\n{long}")
    assert time.process_time() - begin < 10
