"""A file to headings and nodes, and back: no character is lost or moved."""

import time
from dataclasses import replace

import pytest
from hypothesis import example, given, settings

from apps.specs.paper.outline import outline_of, parts_of
from apps.specs.paper.reading import Unreadable
from tests.specs.paper.wild import documents, known_in, read, texts, written

SHOP = """\
# Shop

What it is for.

## Paying

### REQ-12: Pay by card

The system SHALL take cards.

### Scope of paying
#### Not here
## Scope
"""


def keys(text, **more):
    return [leaf.key for leaf in read(text, **more)]


def test_headings_make_a_tree_with_keys_and_kinds():
    told = [(leaf.key, leaf.kind, leaf.title, leaf.parent) for leaf in read(SHOP)]
    assert told == [
        ("SPEC.wild", "spec", "Shop", None),
        ("SPEC.wild.paying", "section", "Paying", "SPEC.wild"),
        ("REQ-12", "requirement", "Pay by card", "SPEC.wild.paying"),
        ("SPEC.wild.scope-of-paying", "section", "Scope of paying", "SPEC.wild.paying"),
        ("SPEC.wild.not-here", "section", "Not here", "SPEC.wild.scope-of-paying"),
        ("SPEC.wild.scope", "section", "Scope", "SPEC.wild"),
    ]


def test_a_body_is_what_stands_there_and_plain_headings_need_not_be_kept():
    document, paying, pay, *_ = read(SHOP)
    assert (document.body, paying.body) == ("What it is for.", "")
    assert (pay.body, pay.heading) == ("The system SHALL take cards.", "")


@pytest.mark.parametrize(
    "text",
    [
        "```\n# code\n```\n",
        "<!--\n# comment\n-->\n",
        "<div>\n# html\n</div>\n",
        "- # in a list\n",
        "> # quoted\n",
        "    # indented\n",
        "#no space\n",
        "####### seven\n",
    ],
)
def test_what_only_looks_like_a_heading_is_text(text):
    assert len(read(f"# Title\n\n{text}")) == 1


def test_headings_are_those_of_commonmark():
    text = "# One #\n\nTwo\n===\n\nThree\nlines\n---\n\n   ## Four\n#\n"
    assert [leaf.title for leaf in read(text)] == ["One", "Two", "Three lines", "Four", "Untitled"]


@pytest.mark.parametrize(
    ("line", "key", "title"),
    [
        ("REQ-12: Pay by card", "REQ-12", "Pay by card"),
        ("REQ-12 Pay by card", "REQ-12", "Pay by card"),
        ("REQ-12 \N{EM DASH} Pay", "REQ-12", "Pay"),
        ("REQ-12 - Pay", "REQ-12", "Pay"),
        ("REQ-12: Pay {#pay}", "REQ-12", "Pay"),
        ("REQ-12", "REQ-12", "REQ-12"),
        ("UTF-8: text", "SPEC.wild.utf-8-text", "UTF-8: text"),
        ("REQ-12ab: text", "SPEC.wild.req-12ab-text", "REQ-12ab: text"),
        ("On REQ-12", "SPEC.wild.on-req-12", "On REQ-12"),
        ("Scope {#reach}", "SPEC.wild.reach", "Scope"),
    ],
)
def test_a_heading_may_begin_with_a_key_or_end_with_an_anchor(line, key, title):
    leaf = read(f"# Shop\n\n## {line}\n")[1]
    assert (leaf.key, leaf.title) == (key, title)


def test_keys_that_are_there_are_known_whatever_their_prefix_and_case():
    here = [replace(read("# x")[0], key="PAY-7", kind="goal")]
    leaf = read("# Shop\n\n## pay-7: Cards\n", known=known_in(here))[1]
    assert (leaf.key, leaf.kind, leaf.title) == ("PAY-7", "goal", "Cards")


def test_sections_of_one_title_differ_and_no_anchor_takes_anothers():
    text = "# S\n## Scope\n## Scope\n## Reach\n## Other {#reach}\n"
    names = [key.removeprefix("SPEC.wild.") for key in keys(text)[1:]]
    assert names == ["scope", "scope-2", "reach-2", "reach"]


def test_sections_are_called_after_what_they_explain():
    assert keys("# S\n## REQ-1: x\n### Why\n#### How\n")[2:] == ["REQ-1.why", "REQ-1.how"]


def test_a_skipped_level_stays_as_it_was_written():
    leaves = read("# S\n\n#### Deep\n\n## Flat\n")
    assert [leaf.parent for leaf in leaves[1:]] == ["SPEC.wild"] * 2
    assert leaves[1].heading == "#### Deep"


@given(texts())
@example("---\r\nb\n# A")
@example("# A\rtext\n# A\r\n")
@settings(max_examples=200, deadline=None)
def test_an_outline_gives_the_text_back(text):
    outline = outline_of(text)
    assert outline.text == text
    for part in outline.parts:
        assert part.level == 0 or parts_of(part.text) == (part,)


@given(texts())
@example("# A\rtext\n# A\r\n")
@settings(max_examples=200, deadline=None)
def test_a_file_that_becomes_nodes_is_written_as_it_was(text):
    if outline_of(text).opening:
        return
    try:
        leaves = read(text)
    except Unreadable:
        return
    if len({leaf.key for leaf in leaves}) == len(leaves):
        again = written(leaves)
        assert again[len(outline_of(again).opening) :] == text
        assert [replace(leaf, place="") for leaf in read(again)] == [
            replace(leaf, place="") for leaf in leaves
        ]


@given(documents())
@settings(max_examples=150, deadline=None)
def test_nodes_of_any_shape_are_read_back_as_they_were(leaves):
    text, known = written(leaves), known_in(leaves)
    again = read(text, known)
    assert [replace(leaf, place="", heading="") for leaf in again] == [
        replace(leaf, heading="") for leaf in leaves
    ]
    assert written(again) == text
    assert read(written(again), known) == again


def test_what_is_changed_in_one_body_leaves_the_rest_of_the_file():
    text = SHOP.replace("\n", "\r\n").replace("## Scope\r\n", "Scope  \r\n-----")
    body = "The system MAY take cards.\r\n\r\n- or not"
    leaves = [replace(leaf, body=body) if leaf.key == "REQ-12" else leaf for leaf in read(text)]
    again = written(tuple(leaves))
    assert again.endswith(text.replace("The system SHALL take cards.", body))


def test_ten_thousand_headings_take_ten_times_as_long_as_a_thousand():
    def took(number):
        text = "## Same\n\ntext\n\n" * number
        began = time.thread_time()
        assert written(read(text)).endswith(text)
        return time.thread_time() - began

    took(100)
    assert took(10_000) < 30 * max(took(1_000), 0.05)
