"""Markdown as nobody would write it on purpose, and documents of any shape."""

import re

from hypothesis import strategies as st

from apps.specs.paper.headings import knowing
from apps.specs.paper.leaves import Leaf, Library, in_reading_order
from apps.specs.paper.reading import read_document
from apps.specs.paper.writing import write_document

PREFIXES = {"requirement": "REQ", "goal": "GOAL"}
LINES = (
    *("# A", "# A", "## B ##", "### REQ-2 - y", "## GOAL-7", "# A | |", "#", "######## none"),
    *("Title\n===", "b\n---", "#### deep {#x}", "## A|~|~", "  # to the right", "   ## further"),
    *("text", "  text", "é", "", "\t", " ", "\r", "\ufeff", "\x0b", "\x85", "\u2028", "\\"),
    *("```", "~~~", "<!--", "-->", "<div>", "</div>", "<?php", "<![CDATA[", "    code", "***"),
    *("- item", "1. item", "> quoted", "[a]: b"),
)
ENDINGS = ("\n", "\r\n", "\n\n", "", "\r", " ")
TITLES = ("Scope", "A", "B", "REQ-1: x", "REQ-9 foo", "k.1", "x {#y}", "tail #", "**bold**", "1. x")
STARTS = ("# ", "## ", "### ", "  ## ", "")
FRAMES = ("", "|~|", "|\n|~", "|~|\n", "|\n\n\n|\n\n\n", "||")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")

lines = st.sampled_from(LINES)


def texts(most: int = 12):
    found = st.lists(st.tuples(lines, st.sampled_from(ENDINGS)), max_size=most)
    return found.map(lambda pairs: "".join(line + ending for line, ending in pairs))


marked = st.sampled_from(["<!-- lattice {} -->\n", '<!-- lattice {"labels":["a"]} -->\n'])
bodies = st.one_of(
    st.just(""), st.just("It SHALL work."), texts(5), st.tuples(marked, texts(3)).map("".join)
)
titles = st.one_of(
    st.sampled_from(TITLES),
    lines.map(str.strip).filter(lambda said: said and not _CONTROL.search(said)),
)
headings = st.one_of(
    st.just(""),
    texts(3),
    st.tuples(
        st.sampled_from(["# ", "## ", "### ", "  ## ", ""]), titles, st.sampled_from(FRAMES)
    ).map("".join),
)
KEYS = {
    "section": ["SPEC-1.a", "SPEC-1.scope", "SPEC-1.b", "SPEC-1.scope-2", "k.1", "SPEC-1.y"],
    "requirement": ["REQ-1", "REQ-2", "REQ-9", "PAY-3"],
    "spec": ["SPEC-2", "SPEC-3"],
    "risk": ["RISK-1", "RISK-2"],
}
ATTRIBUTES: tuple[dict, ...] = (
    {},
    {"size": 1.5, "said": [None, True, "-->\n\u200b"]},
    {"tiny": 0.30000000000000004e-300, "n": 2**53 - 1},
)


@st.composite
def documents(draw):
    """A node with parts of all kinds, to any depth, each before its parts."""
    root = draw(st.sampled_from(["spec", "requirement", "section"]))
    leaves = [draw(_leaf("SPEC-1", root, []))]
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["section", *KEYS]))
        key = draw(st.sampled_from(KEYS[kind]))
        if all(leaf.key != key for leaf in leaves):
            leaves.append(draw(_leaf(key, kind, [leaf.key for leaf in leaves])))
    return tuple(in_reading_order(leaves))


def _leaf(key, kind, above):
    return st.builds(
        Leaf,
        key=st.just(key),
        kind=st.just(kind),
        title=titles,
        heading=headings,
        body=bodies,
        labels=st.sampled_from([(), ("a",), ("-->", "x y")]),
        attributes=st.sampled_from(ATTRIBUTES),
        status=st.sampled_from(["active", "draft"]),
        parent=st.sampled_from(above) if above else st.none(),
        links=st.sampled_from([(), (("refines", "GOAL-1"), ("verifies", "REQ-1"))]),
    )


def known_in(leaves=()):
    return knowing(PREFIXES, {leaf.key: leaf.kind for leaf in leaves})


def written(leaves):
    return write_document(leaves[0], Library(leaves=leaves).below(), known=known_in(leaves))


def read(text, known=None, path="wild.md"):
    return read_document(text, path=path, key="SPEC.wild", known=known or known_in())
