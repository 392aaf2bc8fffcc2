"""What people are shown of a difference: lines, words, folds, and what was left out."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.diffs.comparing import STEP, compare, read_patch
from apps.common.diffs.lines import Fold, Hunk
from apps.common.diffs.matching import lines_of


def rows_of(diff):
    return [row for part in diff.parts if isinstance(part, Hunk) for row in part.rows]


def text_of(line):
    return line.text + ("\n" if line.ended else "")


def changed_in(line):
    return [line.text[start:end] for start, end in line.changed]


def folds_of(diff):
    return [part for part in diff.parts if isinstance(part, Fold)]


LINES = st.lists(st.sampled_from(["a b\n", "a c\n", "b\n", "}\n", "\n", "x y z\n"]), max_size=30)


@given(LINES.map("".join), LINES.map("".join), st.booleans())
def test_both_texts_can_be_read_off_it_whole(before, after, ended):
    before = before if ended else before.removesuffix("\n")
    diff = compare(before, after, around=100)
    if before == after:
        assert diff.parts == ()
        return
    rows = rows_of(diff)
    assert "".join(text_of(row.before) for row in rows if row.before) == before
    assert "".join(text_of(row.after) for row in rows if row.after) == after
    numbers = [row.before.number for row in rows if row.before]
    assert numbers == [*range(1, len(lines_of(before)) + 1)]
    assert diff.added == sum(row.after is not None and not row.same for row in rows)
    assert diff.removed == sum(row.before is not None and not row.same for row in rows)


def test_what_changed_in_a_line_is_marked_word_by_word():
    [row] = rows_of(compare("the quick brown fox jumps\n", "the quick red wolf jumps\n"))
    assert changed_in(row.before) == ["brown fox"]
    assert changed_in(row.after) == ["red wolf"]


def test_lines_with_little_in_common_are_not_told_apart_by_words():
    rows = rows_of(compare("one of these\n", "wholly another matter\n"))
    assert [changed_in(row.before) + changed_in(row.after) for row in rows] == [[]]


def test_a_line_stands_beside_the_one_it_became():
    before = "alpha beta gamma delta\nsome line that goes away\n"
    after = "quite new, said before\nand another one\nalpha beta gamma omega\n"
    rows = rows_of(compare(before, after))
    beside = [(row.before and row.before.number, row.after and row.after.number) for row in rows]
    assert beside == [(None, 1), (None, 2), (1, 3), (2, None)]


def test_a_name_of_a_hidden_character_is_one_word():
    [row] = rows_of(compare("say ok now\n", "say ok⟨U+200B ZERO WIDTH SPACE⟩ now\n"))
    assert changed_in(row.after) == ["⟨U+200B ZERO WIDTH SPACE⟩"]


def test_lines_that_stay_are_folded_and_open_step_by_step():
    lines = [f"line {number}\n" for number in range(1, 301)]
    before, after = "".join(lines), "".join([*lines[:150], "new\n", *lines[150:]])
    assert folds_of(compare(before, after)) == [Fold(1, 147), Fold(154, 147)]
    opened = compare(before, after, opened=[1])
    assert folds_of(opened)[0] == Fold(1 + STEP, 147 - STEP)
    first = opened.parts[0]
    assert isinstance(first, Hunk)
    assert first.opened == 1
    numbers = [row.before.number for row in first.rows if row.before]
    assert numbers == [*range(1, STEP + 1)]
    assert folds_of(compare(before, after, opened=[1, 1 + STEP])) == [Fold(154, 147)]


def test_an_end_without_a_line_feed_is_a_difference():
    [row] = rows_of(compare("a\n", "a"))
    assert (row.before.ended, row.after.ended) == (True, False)
    patch = "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n"
    assert rows_of(read_patch(patch)) == [row]


# --- patches

PATCH = """\
diff --git a/old.sql b/new.sql
old mode 100644
new mode 100755
similarity index 80%
rename from old.sql
rename to new.sql
--- a/old.sql
+++ b/new.sql
@@ -10,4 +10,4 @@
 select
--- a comment
+-- another comment
 from t
 where x
@@ -30 +30,2 @@
 end
+++ counter
"""


def test_a_patch_is_read_by_its_counts():
    diff = read_patch(PATCH)
    went, came = (
        [text_of(row[side]) for row in rows_of(diff) if not row.same and row[side]]
        for side in (0, 1)
    )
    assert went == ["-- a comment\n"]
    assert came == ["-- another comment\n", "++ counter\n"]
    assert folds_of(diff) == [Fold(1, 9), Fold(14, 16)]
    assert diff.notes == ("old mode 100644", "new mode 100755")


def test_a_patch_without_hunks_is_read_by_its_marks():
    diff = read_patch("+one\n-two\nand a word\n")
    assert (diff.added, diff.removed, diff.notes) == (1, 1, ("and a word",))


# --- large ones


@pytest.mark.parametrize("kinds", [2, 10_000_000])
def test_what_is_too_much_is_counted(kinds):
    seeded = random.Random(1)
    old, new = (
        "".join(f"word {seeded.randrange(kinds)}\n" for _ in range(50_000)) for _ in range(2)
    )
    diff = compare(old, new)
    shown = rows_of(diff)
    assert len(shown) <= 12_000
    lines = sum((row.before is not None) + (row.after is not None) for row in shown if not row.same)
    assert diff.left == diff.added + diff.removed - lines > 0


def test_of_a_line_of_a_megabyte_the_place_that_differs_is_marked():
    [row] = rows_of(compare("x y " * 250_000, "x y " * 125_000 + "z " + "x y " * 125_000))
    assert changed_in(row.before) == []
    assert changed_in(row.after) == ["z "]


def test_wide_lines_take_the_room_of_several():
    diff = compare("", ("w" * 10_000 + "\n") * 5_000)
    assert 0 < len(rows_of(diff)) < 1_500
    assert diff.left == 5_000 - len(rows_of(diff))


@pytest.mark.parametrize("line", ["x\n", "@@ -1 +1 @@\n"])
def test_of_many_lines_that_say_nothing_none_is_read_again_and_again(line):
    began = time.process_time()
    assert read_patch(line * 50_000).parts == ()
    assert time.process_time() - began < 2
