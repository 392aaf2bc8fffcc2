"""A difference as HTML: nothing that was written gets to be markup, and nothing hides."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.diffs.comparing import compare, read_patch
from apps.common.diffs.drawing import draw

OTHER_MARKUP = re.compile(
    r"<(?!/?(?:div|table|caption|colgroup|col|thead|tbody|tr|th|td|ins|del|p|a|span)[ >])"
)


@pytest.mark.parametrize("view", ["unified", "split"])
@given(st.text(alphabet="<>&\"'/ab \n"), st.text(alphabet="<>&\"'/ab \n"))
def test_what_was_written_is_never_markup(view, before, after):
    drawn = draw(compare(before, after), name="<i>", view=view, operation=1)
    assert not OTHER_MARKUP.search(drawn)


@pytest.mark.parametrize("view", ["unified", "split"])
def test_lines_say_where_they_stand(view):
    drawn = draw(compare("a\nb\n", "a\nc\n"), name="x", view=view, operation=3)
    places = re.findall(r'data-operation="(\d+)" data-side="(\w+)" data-line="(\d+)"', drawn)
    assert ("3", "before", "2") in places
    assert ("3", "after", "2") in places
    assert drawn.count(" data-hunk") == 1


def test_a_hidden_character_stands_out():
    drawn = draw(read_patch("+a⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩b\r\n"), name="x")
    marked = re.findall(r'<span class="hidden-character">([^<]*)</span>', drawn)
    assert marked == ["⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩", "⟨U+000D⟩"]


def test_of_a_long_line_it_says_what_is_not_shown():
    drawn = draw(compare("", "<" * 1_000_000), name="x")
    assert "998,000 characters are not shown here" in drawn
    assert len(drawn) < 20_000


def test_a_fold_opens_where_the_text_is_known():
    lines = "".join(f"{number}\n" for number in range(20))
    drawn = draw(compare(lines, f"{lines}new\n"), name="x", unfold=lambda fold: f"?o={fold.start}&")
    assert '<a href="?o=1&amp;" data-fold="1">Show 17 lines that stay the same</a>' in drawn
    patch = draw(read_patch("@@ -18,0 +19 @@\n+a\n"), name="x", unfold=lambda _: "?")
    assert "18 lines the same" in patch
    assert "<a" not in patch


def test_two_that_are_the_same_are_said_to_be():
    assert "The two are the same." in draw(compare("a", "a"), name="x")


def test_a_line_that_is_not_long_is_shown_whole():
    stays = "same " * 300
    drawn = draw(compare(f"one {stays}\n", f"two {stays}\n"), name="x")
    assert drawn.count(stays.rstrip()) == 2
    assert "not shown" not in drawn


@pytest.mark.parametrize("view", ["unified", "split"])
def test_a_missing_line_feed_is_told_where_it_is_what_changes(view):
    def told(before, after):
        return draw(compare(before, after), name="x", view=view).count("no line feed")

    assert told("a\nb\n", "a\nc") == 1
    assert told("a\nb", "a\nb\nc\n") == 1
    assert told("a\nb", "a\nc") == 0
    assert told("a", "b\nc") == 0
