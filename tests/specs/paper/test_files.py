"""A workspace as a folder's files and as JSON, and back."""

import json
from dataclasses import replace

import pytest

from apps.specs.kinds import BUILT_IN, Kind
from apps.specs.paper.files import KINDS_FILE, files_of, library_in
from apps.specs.paper.leaves import Leaf, Library, in_reading_order
from apps.specs.paper.reading import Unreadable
from apps.specs.paper.whole import json_of, library_from
from tests.pages import the_only

RISK = {"risk": Kind(prefix="RISK", schema={"type": "object"})}
USUAL = {name: Kind(prefix=prefix) for name, prefix in BUILT_IN.items()}
ID = "018f0000-0000-7000-8000-000000000001"
OWNER = "018f0000-0000-7000-8000-00000000000a"
SHOP = Library(
    kinds=RISK,
    leaves=tuple(
        in_reading_order(
            [
                Leaf(key="SPEC-1", kind="spec", title="Shop", body="What it is for.", id=ID),
                Leaf(key="SPEC-1.paying", title="Paying", parent="SPEC-1"),
                Leaf(
                    key="REQ-12",
                    kind="requirement",
                    title="Pay by card",
                    body="The system SHALL take cards.",
                    parent="SPEC-1.paying",
                    labels=("pci",),
                    owner=OWNER,
                    attributes={"weight": 1.5, "why": "a --> b"},
                    links=(("refines", "GOAL-1"), ("relates_to", "RISK-1")),
                ),
                Leaf(key="SPEC-1.extent", title="Scope", parent="SPEC-1", status="draft"),
                Leaf(key="GOAL-1", kind="goal", title="Sell", attributes={"by": [None, {"a": 1}]}),
                Leaf(key="RISK-1", kind="risk", title="Fraud"),
                Leaf(key="CON.1", kind="constraint", title="No cash"),
            ]
        )
    ),
)


def read_back(files, **given):
    library = library_in(files, **{"kinds": USUAL, "keys": {}, **given})
    return replace(library, leaves=tuple(replace(leaf, place="") for leaf in library.leaves))


def without_ids(library):
    """Only what stands on top of a file has one there."""
    return replace(library, leaves=tuple(replace(leaf, id="") for leaf in library.leaves))


def test_each_file_is_a_node_with_its_parts():
    files = files_of(SHOP)
    assert sorted(files) == sorted(
        [
            *("constraint/_CON.1.md", "goal/GOAL-1.md", "risk/RISK-1.md", "spec/SPEC-1.md"),
            KINDS_FILE,
        ]
    )
    mark = (
        f'<!-- lattice {{"owner":"{OWNER}","labels":["pci"],'
        '"attributes":{"weight":1.5,"why":"a --\\u003e b"},'
        '"links":{"refines":["GOAL-1"],"relates_to":["RISK-1"]}} -->'
    )
    assert (
        files["spec/SPEC-1.md"]
        == f"""\
---
id: "{ID}"
key: SPEC-1
kind: spec
status: active
---

# Shop

What it is for.

## Paying

### REQ-12: Pay by card
{mark}

The system SHALL take cards.

## Scope
<!-- lattice {{"key":"SPEC-1.extent","status":"draft"}} -->
"""
    )


def test_files_say_all_that_was_said():
    assert without_ids(read_back(files_of(SHOP))) == without_ids(SHOP)
    assert files_of(read_back(files_of(SHOP))) == files_of(SHOP)


def test_json_says_all_that_was_said():
    again = library_from(json_of(SHOP), "shop.json")
    assert replace(again, leaves=tuple(replace(leaf, place="") for leaf in again.leaves)) == SHOP
    assert json_of(again) == json_of(SHOP)


def test_a_file_without_front_matter_is_a_document_called_after_its_path():
    [document, part] = read_back({"docs/Payments.md": "# Money\n\n## In\n"}).leaves
    assert (document.key, document.kind, document.title) == ("SPEC.docs-payments", "spec", "Money")
    assert (part.key, part.parent) == ("SPEC.docs-payments.in", "SPEC.docs-payments")
    [headless] = read_back({"notes.md": "No heading.\n"}).leaves
    assert (headless.key, headless.title, headless.body) == ("SPEC.notes", "notes", "No heading.")


def test_front_matter_may_be_written_by_hand():
    front = "key: GOAL-7\nkind: goal\nlabels:\n  - b\n  - a\nlinks:\n  refines: [GOAL-1]\n"
    text = f"---\n{front}---\n# Sell\n"
    [leaf] = read_back({"x.md": text}).leaves
    assert (leaf.key, leaf.kind, leaf.title) == ("GOAL-7", "goal", "Sell")
    assert (leaf.labels, leaf.links) == (("a", "b"), (("refines", "GOAL-1"),))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("---\nkey: 12\n---\n", "x.md:1", "key"),
        ("---\nkey: A-1\ncolour: red\n---\n", "x.md:1", "colour"),
        ("---\nkey: A-1\nkey: A-2\n---\n", "x.md:3", "twice"),
        ("---\nkey: &a A-1\n---\n", "x.md:2", "Anchors"),
        ("---\nid: 12\nkey: A-1\n---\n", "x.md:1", "id"),
        ("---\nlinks: {loves: [A-1]}\n---\n", "x.md:1", "links.loves"),
        ('---\nattributes: \'{"a": 1, "a": 2}\'\n---\n', "x.md:1", "twice"),
        ('# S\n## A\n<!-- lattice {"colour":1} -->\n', "x.md:3", "colour"),
        ("# S\n## A\n<!-- lattice {oops} -->\n", "x.md:3", "JSON"),
        ('# S\n## A\n<!-- lattice {"under":"A-9"} -->\n', "x.md:2", "A-9"),
        ('# S\n## A\n<!-- lattice {"headings":9} -->\n', "x.md:2", "headings"),
        (f"# S\n## {'x' * 10_001}\n", "x.md:2", "heading"),
        (f"# S\n## A\n{'x' * 1_000_001}\n", "x.md:2", "body"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text, place, said):
    with pytest.raises(Unreadable) as refused:
        read_back({"x.md": text, "fine.md": "# Fine\n"})
    [fault] = refused.value.faults
    assert fault.place == place
    assert said in fault.message


def test_faults_of_all_files_are_told_at_once():
    bad = "---\nkey: A-1\ncolour: red\n---\n"
    with pytest.raises(Unreadable) as refused:
        read_back({"a.md": bad, "b.md": bad, KINDS_FILE: '{"risk": {"prefix": 1}}'})
    assert [fault.place for fault in refused.value.faults] == [
        *(f"{KINDS_FILE}: risk.prefix", "a.md:1", "b.md:1"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", '{"format":"lattice-specs/2","nodes":[]}'),
        '{"format":"lattice-specs/1","nodes":[{"key":"A-1","kind":"goal"}]}',
        '{"format":"lattice-specs/1","nodes":[{"key":"A-1","kind":"goal","title":"x","evil":1}]}',
        "[" * 100_000,
    ],
)
def test_other_json_is_refused(text):
    with pytest.raises(Unreadable):
        library_from(text, "x.json")


def test_what_yaml_would_read_otherwise_is_said_as_json():
    leaf = Leaf(
        key="GOAL-1", kind="goal", title="Sell", attributes={"n": 0.30000000000000004, "z": 1e-7}
    )
    text = files_of(Library(leaves=(leaf,)))["goal/GOAL-1.md"]
    assert 'attributes: "{' in text
    assert read_back({"goal/GOAL-1.md": text}).leaves == (leaf,)
    assert json.loads(json_of(Library(leaves=(leaf,))))["nodes"][0]["attributes"] == leaf.attributes


def test_the_file_on_the_page_is_what_is_written_of_it():
    shown = the_only("markdown", "spec-files.md")
    goal = Leaf(key="GOAL-1", kind="goal", title="Sell")
    library = read_back({"spec/SPEC-1.md": shown, **files_of(Library(leaves=(goal,)))})
    assert files_of(library)["spec/SPEC-1.md"] == shown
