"""Two texts that came from one are brought together, or shown where they clash."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.diffs.hunks import apply_hunks, hunks_between
from apps.specs.changes.merging import Clash, merge, moved_along

LINES = st.lists(st.sampled_from("abcdefgh"), max_size=14).map("\n".join)


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "text"),
    [
        ("a\nb\nc\n", "a\nb\nC\n", "A\nb\nc\n", "A\nb\nC\n"),
        ("a\nb\nc\n", "x\na\nb\nc\n", "a\nb\nc\ny\n", "x\na\nb\nc\ny\n"),
        ("a\nb\nc\n", "a\nc\n", "a\nc\n", "a\nc\n"),
        ("a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\nd\n", "a\nB\nc\nd\n"),
        ("a\r\nb\r\nc", "a\r\nb\r\nC", "A\r\nb\r\nc", "A\r\nb\r\nC"),
        ("", "a\n", "", "a\n"),
    ],
)
def test_what_was_changed_apart_comes_together(base, theirs, ours, text):
    merged = merge(base, theirs, ours)
    assert (merged.text, merged.clashes) == (text, ())


@pytest.mark.parametrize(
    ("base", "theirs", "ours", "clash"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", "a\nß\nc\n", Clash(2, "b\n", "B\n", "ß\n")),
        ("a\nb\nc\n", "a\nc\n", "a\nß\nc\n", Clash(2, "b\n", "", "ß\n")),
        ("a\n", "a\nb\n", "a\nc\n", Clash(2, "", "b\n", "c\n")),
        ("a", "a\n", "b", Clash(1, "a", "a\n", "b")),
        ("a\nb\n", "A\nb\n", "a\nB\n", Clash(1, "a\nb\n", "A\nb\n", "a\nB\n")),
        ("", "a", "b", Clash(1, "", "a", "b")),
    ],
)
def test_what_both_changed_otherwise_is_shown_three_times(base, theirs, ours, clash):
    merged = merge(base, theirs, ours)
    assert merged.clashes == (clash,)
    assert merged.text == theirs


@given(LINES, LINES, LINES)
def test_merging_is_the_same_from_both_sides(base, theirs, ours):
    one, other = merge(base, theirs, ours), merge(base, ours, theirs)
    assert [(c.base, c.theirs, c.ours) for c in one.clashes] == [
        (c.base, c.ours, c.theirs) for c in other.clashes
    ]
    if not one.clashes:
        assert one.text == other.text


@given(LINES, LINES)
def test_where_one_side_did_nothing_the_other_holds(base, other):
    assert merge(base, other, base).text == merge(base, base, other).text == other
    assert merge(base, other, other).text == other


@given(LINES, LINES, LINES)
def test_hunks_that_move_along_come_to_what_merging_does(base, theirs, ours):
    hunks = hunks_between(base, ours)
    moved = moved_along(hunks, base, theirs)
    if moved is not None:
        merged = merge(base, theirs, ours)
        assert not merged.clashes
        assert apply_hunks(moved, theirs) == merged.text
        assert [hunk.lines for hunk in moved] == [hunk.lines for hunk in hunks]


def test_hunks_move_along_with_what_changes_around_them():
    base = "".join(f"{number}\n" for number in range(30))
    hunks = hunks_between(base, base.replace("15\n", "fifteen\n"))
    moved = moved_along(hunks, base, "new\n" + base.replace("29\n", ""))
    assert moved
    assert [hunk.old_start - old.old_start for hunk, old in zip(moved, hunks, strict=True)] == [1]
    assert moved_along(hunks, base, base.replace("13\n", "thirteen\n")) is None


def test_merging_large_texts_takes_no_long_time():
    alike = "".join(f"{number % 101} x\n" for number in range(100_000))
    various = "".join(f"{number} x\n" for number in range(100_000))
    begin = time.process_time()
    assert merge(alike, alike.replace("7 x\n", "y\n"), alike.replace("50 x\n", "z\n")).clashes
    assert not merge(
        various, various.replace("7 x\n", "y\n"), various.replace("50 x\n", "z\n")
    ).clashes
    assert time.process_time() - begin < 10
