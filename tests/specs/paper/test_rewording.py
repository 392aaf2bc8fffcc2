"""Sections whose headings are reworded in a file, or join others of the same title."""

from dataclasses import replace

import pytest

from apps.specs.paper.differing import Present, operations_between
from apps.specs.paper.leaves import Library
from apps.specs.paper.rewording import with_kept_keys
from tests.specs.paper.wild import read

TEXT = "# S\n\n## Scope\n\nAll of it.\n\n### Reach\n\nFar.\n\n## Terms\n\nWords.\n\n## REQ-1: Pay\n"


@pytest.fixture
def present():
    leaves = tuple(
        replace(leaf, id=f"id-{leaf.key}", is_made=False, place="") for leaf in read(TEXT)
    )
    return Present(
        library=Library(leaves=leaves), keys={leaf.key.casefold(): leaf.id for leaf in leaves}
    )


def told(present, text, **how):
    kept = with_kept_keys(present, Library(leaves=read(text)))
    keys = [leaf.key.removeprefix("SPEC.wild.") for leaf in kept.leaves[1:]]
    operations = operations_between(present, kept, **how)
    return keys, [(each["op"], *each.get("changes", ())) for each in operations]


def test_a_section_that_is_reworded_is_the_same(present):
    keys, done = told(present, TEXT.replace("## Scope", "## Extent"))
    assert keys == ["scope", "reach", "terms", "REQ-1"]
    assert done == [("update", "title")]


def test_also_with_another_body_if_it_stands_where_it_stood(present):
    keys, done = told(present, TEXT.replace("## Scope\n\nAll", "## Extent\n\nSome"), delete=True)
    assert keys == ["scope", "reach", "terms", "REQ-1"]
    assert done == [("update", "title"), ("edit",)]


def test_several_at_once(present):
    text = TEXT.replace("Scope", "Extent").replace("Reach", "Limit").replace("Terms", "Names")
    keys, done = told(present, text)
    assert (keys, len(done)) == (["scope", "reach", "terms", "REQ-1"], 3)


def test_one_of_the_same_title_above_it_takes_another_key(present):
    keys, done = told(present, TEXT.replace("## Scope", "## Scope\n\nMore.\n\n## Scope", 1))
    assert keys == ["scope-2", "scope", "reach", "terms", "REQ-1"]
    assert done == [("create",)]


def test_a_new_section_is_new(present):
    keys, done = told(present, TEXT.replace("## Terms", "## Cost\n\nNone.\n\n## Terms"))
    assert keys == ["scope", "reach", "cost", "terms", "REQ-1"]
    assert done == [("create",)]


def test_what_is_named_keeps_what_it_is_called(present):
    keys, done = told(present, TEXT.replace("## Scope", "## Extent {#extent}"))
    assert keys == ["extent", "reach", "terms", "REQ-1"]
    assert done == [("create",), ("move",)]


def test_a_section_that_moves_elsewhere_is_found_by_its_title(present):
    text = TEXT.replace("### Reach\n\nFar.\n\n", "").replace(
        "Words.", "Words.\n\n### Reach\n\nFar."
    )
    keys, done = told(present, text)
    assert keys == ["scope", "terms", "reach", "REQ-1"]
    assert done == [("move",)]
