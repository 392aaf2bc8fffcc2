"""Links between files become links of the graph."""

from apps.specs.paper.files import library_in
from apps.specs.paper.referring import references_in


def library(files, **there):
    return library_in(files, kinds={}, keys=there)


def links(found):
    return {(leaf.key, *link) for leaf in found.leaves for link in leaf.links}


def said(body):
    return [reference.said for reference in references_in(body)]


def test_only_links_to_other_files_count():
    body = (
        "[a](a.md) [b](../b.md#part) ![i](i.png) [w](https://x.example/a.md) [r](/abs.md)\n"
        "[mail](mailto:a@b.md) `[c](code.md)` [ref] <x.md> [here](#part) [sp](<a b.md>)\n\n"
        "    [d](indented.md)\n\n```\n[e](fenced.md)\n```\n\n[ref]: ref.md\n"
    )
    assert said(body) == ["a.md", "../b.md#part", "ref.md", "a b.md"]


def test_relative_links_lead_to_documents_and_to_what_stands_below_headings():
    found = library(
        {
            "pay/cards.md": "# Cards\n\nSee [all](../index.md), [how](./how.md#two-steps).\n",
            "pay/how.md": "# How\n\n## Two steps\n\nBack to [the index](../index.md).\n",
            "index.md": "# Index\n\n[None](nowhere.md), [me](index.md).\n",
        }
    )
    assert links(found) == {
        ("SPEC.pay-cards", "relates_to", "SPEC.index"),
        ("SPEC.pay-cards", "relates_to", "SPEC.pay-how.two-steps"),
        ("SPEC.pay-how.two-steps", "relates_to", "SPEC.index"),
    }
    [note] = found.notes
    assert note.place.startswith("index.md")
    assert "nowhere.md" in note.message


def test_what_two_say_of_each_other_is_one_link():
    found = library({"a.md": "# A\n\n[b](b.md)\n", "b.md": "# B\n\n[a](a.md)\n"})
    assert links(found) == {("SPEC.a", "relates_to", "SPEC.b")}


def test_numbers_lead_to_the_one_file_that_has_them():
    found = library(
        {
            "eips/eip-20.md": "---\neip: 20\ntitle: Token\n---\nText.\n",
            "eips/eip-0155.md": "---\neip: 155\n---\nText.\n",
            "eips/eip-1155.md": "---\neip: 1155\nrequires: 20, 155, 165\n---\nText.\n",
        }
    )
    assert links(found) == {
        ("SPEC.eips-eip-1155", "depends_on", "SPEC.eips-eip-20"),
        ("SPEC.eips-eip-1155", "depends_on", "SPEC.eips-eip-0155"),
    }
    [note] = found.notes
    assert "165" in note.message


def test_names_lead_to_keys_of_files_and_of_the_workspace():
    front = "---\nid: REQ-1\nrefines: goal-7\nsee_also: [TASK-9, b]\n---\n# Cards\n"
    found = library({"a.md": front, "b.md": "# B\n"}, **{"GOAL-7": "goal"})
    assert links(found) == {("REQ-1", "refines", "GOAL-7"), ("REQ-1", "relates_to", "SPEC.b")}
    assert [note.message.split()[2] for note in found.notes] == ["TASK-9,"]
