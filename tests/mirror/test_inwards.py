"""What is done to files is done to the workspace."""

from apps.mirror.choices import FileState
from apps.specs.models.graph import Node

SHOP = """\
# Shop

What it is for.

## Paying

It SHALL take cards.

## Shipping

It SHALL ship.
"""


def live(workspace):
    return {node.key: node for node in Node.objects.live().filter(workspace=workspace)}


def test_a_new_file_becomes_nodes(folder, workspace):
    folder.write("docs/shop.md", SHOP)
    told = folder.sync()
    assert [state for _, state, _ in told.proposed] == ["applied"]
    assert sorted(live(workspace)) == [
        "SPEC.docs-shop",
        "SPEC.docs-shop.paying",
        "SPEC.docs-shop.shipping",
    ]
    assert folder.row("docs/shop.md").state == FileState.AGREED
    assert folder.read("docs/shop.md") == SHOP


def test_again_is_nothing(folder):
    folder.write("docs/shop.md", SHOP)
    folder.sync()
    assert folder.sync().is_nothing


def test_an_edit_changes_its_node_alone(folder, workspace):
    folder.write("docs/shop.md", SHOP)
    folder.sync()
    folder.write("docs/shop.md", SHOP.replace("take cards", "take cards and cash"))
    folder.sync()
    nodes = live(workspace)
    assert nodes["SPEC.docs-shop.paying"].body == "It SHALL take cards and cash."
    assert [nodes[key].version for key in sorted(nodes)] == [1, 2, 1]
    assert folder.sync().is_nothing


def test_a_reworded_heading_keeps_its_node(folder, workspace):
    folder.write("docs/shop.md", SHOP)
    folder.sync()
    folder.write("docs/shop.md", SHOP.replace("## Shipping", "## Sending"))
    folder.sync()
    assert live(workspace)["SPEC.docs-shop.shipping"].title == "Sending"


def test_a_renamed_file_keeps_its_nodes(folder, workspace):
    folder.write("docs/shop.md", SHOP)
    folder.write("docs/other.md", "# Other\n\nSomething.\n")
    folder.sync()
    before = {key: node.id for key, node in live(workspace).items()}
    (folder.root / "docs/shop.md").rename(folder.root / "store.md")
    assert folder.sync().proposed == []
    assert {key: node.id for key, node in live(workspace).items()} == before
    folder.write("store.md", SHOP.replace("ship.", "ship at once."))
    folder.sync()
    assert live(workspace)["SPEC.docs-shop.shipping"].body == "It SHALL ship at once."


def test_a_file_renamed_and_edited_at_once_keeps_its_nodes(folder, workspace):
    folder.write("docs/shop.md", SHOP)
    folder.write("docs/other.md", "# Other\n\nSomething.\n")
    folder.sync()
    before = {key: node.id for key, node in live(workspace).items()}
    (folder.root / "docs/shop.md").unlink()
    folder.write("store.md", SHOP.replace("ship.", "ship at once."))
    folder.sync()
    assert {key: node.id for key, node in live(workspace).items()} == before


def test_a_section_moved_to_another_file_keeps_its_node(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.write("other.md", "# Other\n\nSomething.\n")
    folder.sync()
    before = live(workspace)["SPEC.shop.shipping"].id
    cut = "## Shipping\n\nIt SHALL ship.\n"
    folder.write("shop.md", SHOP.replace(f"\n{cut}", ""))
    folder.write("other.md", f"# Other\n\nSomething.\n\n{cut}")
    folder.sync()
    after = live(workspace)["SPEC.shop.shipping"]
    assert (after.id, after.parent_id) == (before, live(workspace)["SPEC.other"].id)
    assert folder.sync().is_nothing


def test_a_deleted_file_deletes_its_nodes(folder, workspace):
    for name in ("a", "b", "c"):
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
    folder.sync()
    (folder.root / "b.md").unlink()
    folder.sync()
    assert sorted(live(workspace)) == ["SPEC.a", "SPEC.c"]
    assert not folder.mirror.files.filter(path="b.md").exists()


def test_most_of_a_folder_gone_at_once_is_not_believed(folder, workspace):
    for name in ("a", "b", "c"):
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
    folder.sync()
    for name in ("a", "b"):
        (folder.root / f"{name}.md").unlink()
    assert "not believed" in folder.sync().said
    assert len(live(workspace)) == 3
    folder.sync(delete_many=True)
    assert sorted(live(workspace)) == ["SPEC.c"]


def test_a_file_that_comes_back_brings_its_nodes_back(folder, workspace):
    for name in ("a", "b", "c"):
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
    folder.sync()
    before = live(workspace)["SPEC.b"].id
    text = folder.read("b.md")
    (folder.root / "b.md").unlink()
    folder.sync()
    folder.write("b.md", text)
    folder.sync()
    assert live(workspace)["SPEC.b"].id == before
    assert folder.sync().is_nothing


def test_what_is_linked_in_another_new_file_is_proposed_with_it(folder, workspace):
    front = "---\nkey: REQ-1\nkind: requirement\nlinks: {refines: [GOAL-1]}\n---\n\n"
    folder.write("a.md", f"{front}# REQ-1: Cards\n\nIt SHALL.\n")
    folder.write("b.md", "---\nkey: GOAL-1\nkind: goal\n---\n\n# GOAL-1: Sell\n")
    folder.sync()
    assert sorted(live(workspace)) == ["GOAL-1", "REQ-1"]
    assert folder.sync().is_nothing


def test_new_files_are_proposed_together_as_far_as_the_policy_lets_one_proposal_go(folder):
    for name in "abcd":
        folder.write(f"{name}.md", f"# {name}\n\n" + "A line.\n" * 300)
    told = folder.sync()
    assert [(state, files) for _, state, files in told.proposed] == [
        ("applied", "a.md, b.md"),
        ("applied", "c.md, d.md"),
    ]


def test_a_file_with_more_than_one_proposal_holds_comes_as_several(folder, workspace):
    parts = "".join(f"\n## Part {number}\n\nIt says {number}.\n" for number in range(620))
    folder.write("long.md", f"# Long\n{parts}")
    told = folder.sync()
    assert [state for _, state, _ in told.proposed] == ["applied", "applied"]
    assert len(live(workspace)) == 621
    assert folder.row("long.md").state == FileState.AGREED
    assert folder.sync().is_nothing


def test_a_folder_that_is_renamed_keeps_every_node(folder, workspace):
    for name in "abc":
        folder.write(f"old/{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
    folder.sync()
    before = {node.id for node in live(workspace).values()}
    (folder.root / "old").rename(folder.root / "new")
    told = folder.sync()
    assert (told.said, told.proposed) == ("", [])
    assert {node.id for node in live(workspace).values()} == before
    assert folder.paths() == ["new/a.md", "new/b.md", "new/c.md"]
