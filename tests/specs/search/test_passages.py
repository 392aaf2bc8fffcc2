"""How texts are cut, and how what somebody typed is taken apart."""

import re

from hypothesis import given
from hypothesis import strategies as st

from apps.specs.search.asked import asked_in
from apps.specs.search.passages import LONGEST, OVERLAP, passages_of

texts = st.text(st.sampled_from("ab \n\té—"), max_size=6_000) | st.lists(
    st.integers(0, 1_500).map(lambda length: "x" * length), max_size=12
).map("\n\n".join)


def test_a_short_text_is_one_passage_below_its_title():
    assert passages_of("Pay by card", "It SHALL.\n\nAnd so on.\n") == [
        "Pay by card\n\nIt SHALL.\n\nAnd so on."
    ]


def test_a_title_alone_is_a_passage():
    assert passages_of("Pay by card", " \n\n ") == ["Pay by card"]


def test_a_short_paragraph_at_a_cut_stands_on_both_sides():
    first, middle, last = "a " * 400, "What they have in common.", "b " * 400
    one, other = passages_of("T", f"{first}\n\n{middle}\n\n{last}")
    assert middle in one
    assert other.startswith(f"T\n\n{middle}")


def test_a_paragraph_that_is_too_long_is_cut_between_words():
    words = [f"word{number}" for number in range(600)]
    cut = passages_of("T", " ".join(words))
    assert [word for part in cut for word in part.split()[1:]] == words


@given(texts)
def test_nothing_is_lost_and_nothing_is_too_long(body):
    parts = [part.removeprefix("T").lstrip() for part in passages_of("T", body)]
    assert all(len(part) <= LONGEST + OVERLAP + 2 for part in parts)
    said = "".join("".join(parts).split())
    for paragraph in re.split(r"\n\s*\n", body):
        assert "".join(paragraph.split())[:LONGEST] in said or len(paragraph) > LONGEST


def test_words_phrases_and_what_is_left_out():
    asked = asked_in('REQ-12 "shall not" refund -legacy -"old till"')
    assert asked.words == "REQ-12 shall not refund"
    assert asked.names == ("req-12", "refund")
    assert asked.phrases == (r"\yshall\W+not\y",)
    assert asked.without == ("legacy",)
    assert asked.without_phrases == (r"\yold\W+till\y",)


def test_a_minus_within_a_word_leaves_nothing_out():
    assert asked_in("sign-in").without == ()
    assert asked_in("sign-in").words == "sign-in"


def test_what_is_only_left_out_asks_for_nothing():
    assert asked_in("-legacy").is_empty
    assert asked_in('  "" - ').words in ("", "-")


@given(st.text(max_size=600))
def test_whatever_is_typed_can_be_read(typed):
    asked = asked_in(typed)
    assert "\0" not in asked.words
    assert len(asked.phrases) <= 10
