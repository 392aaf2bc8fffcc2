"""What cannot be taken is told, hurts nothing, and lets the others go on."""

import os

import pytest

from apps.mirror.choices import FileState
from tests.mirror.test_inwards import SHOP, live
from tests.mirror.test_outwards import change


def link(folder):
    (folder.root / "bad.md").symlink_to("/etc/hostname")


def undecodable(folder):
    (folder.root / "bad.md").write_bytes(b"# Bad\n\n\xff\xfe\n")


def binary(folder):
    (folder.root / "bad.md").write_bytes(b"# Bad\0\n")


def huge(folder):
    with (folder.root / "bad.md").open("wb") as file:
        file.truncate(9 * 1024 * 1024)


def pipe(folder):
    os.mkfifo(folder.root / "bad.md")


def faulty_mark(folder):
    folder.write("bad.md", "# Bad\n\n## Part\n<!-- lattice {not json} -->\n\nText.\n")


def nowhere(folder):
    front = "---\nkey: REQ-9\nkind: requirement\nlinks: {refines: [GOAL-9]}\n---\n\n"
    folder.write("bad.md", f"{front}# REQ-9: It\n")


def folder_that_is_a_link(folder):
    (folder.root / "bad.md").symlink_to("/")


def spelled(folder, name):
    """In bytes that are no UTF-8, as a disk of another age holds them."""
    return os.fsencode(folder.root) + b"/" + name


@pytest.mark.parametrize(("name", "what"), [(b"caf\xe9.md", "file"), (b"caf\xe9", "folder")])
def test_a_name_that_is_not_utf_8_is_told(folder, workspace, name, what):
    path = spelled(folder, name)
    if what == "folder":
        os.mkdir(path)
        path += b"/a.md"
    with open(path, "wb") as file:
        file.write(b"# It\n")
    with open(spelled(folder, b"caf\xe9.png"), "wb"):
        pass
    folder.write("shop.md", SHOP)
    told = folder.sync()
    assert told.faults == {name.decode(errors="backslashreplace"): "Its name is not UTF-8."}
    assert "SPEC.shop" in live(workspace)
    assert folder.sync().is_nothing


@pytest.mark.parametrize(
    "make", [link, undecodable, binary, huge, pipe, faulty_mark, nowhere, folder_that_is_a_link]
)
def test_others_go_on(folder, workspace, make):
    make(folder)
    folder.write("shop.md", SHOP)
    told = folder.sync()
    assert told.faults.keys() == {"bad.md"}
    assert sorted(live(workspace)) == ["SPEC.shop", "SPEC.shop.paying", "SPEC.shop.shipping"]
    assert folder.sync().is_nothing


def test_a_file_that_becomes_unreadable_keeps_its_nodes(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.write("other.md", "# Other\n")
    folder.write("third.md", "# Third\n")
    folder.sync()
    (folder.root / "shop.md").write_bytes(b"\xff")
    folder.sync()
    assert folder.row("shop.md").state == FileState.UNREADABLE
    assert "SPEC.shop.paying" in live(workspace)
    folder.write("shop.md", SHOP.replace("cards", "cash"))
    folder.sync()
    assert folder.row("shop.md").state == FileState.AGREED


def test_what_was_linked_to_nothing_is_taken_once_it_is_there(folder, workspace):
    nowhere(folder)
    folder.sync()
    folder.write("goal.md", "---\nkey: GOAL-9\nkind: goal\n---\n\n# GOAL-9: Sell\n")
    folder.sync()
    folder.sync()
    assert sorted(live(workspace)) == ["GOAL-9", "REQ-9"]


def test_a_copy_of_a_file_is_told(folder, workspace):
    text = "---\nkey: REQ-1\nkind: requirement\n---\n\n# REQ-1: Cards\n\nYes.\n"
    folder.write("req.md", text)
    folder.sync()
    folder.write("a copy.md", text)
    told = folder.sync()
    assert told.faults == {"a copy.md": "REQ-1 stands already in req.md."}
    assert sorted(live(workspace)) == ["REQ-1"]


def test_a_file_that_can_be_read_again_is_although_it_has_not_moved(folder):
    folder.write("shop.md", SHOP)
    folder.write("other.md", "# Other\n")
    folder.sync()
    file, aside = folder.root / "shop.md", folder.root / "aside"
    file.rename(aside)
    file.symlink_to(aside)
    folder.sync()
    assert folder.row("shop.md").state == FileState.UNREADABLE
    aside.rename(file)
    folder.sync()
    assert folder.row("shop.md").state == FileState.AGREED


def test_a_deletion_that_others_need_is_refused_and_told(folder, workspace):
    front = "---\nkey: REQ-1\nkind: requirement\nlinks: {refines: [GOAL-1]}\n---\n\n"
    folder.write("a.md", f"{front}# REQ-1: Cards\n\nIt SHALL.\n")
    folder.write("b.md", "---\nkey: GOAL-1\nkind: goal\n---\n\n# GOAL-1: Sell\n")
    folder.write("c.md", "# Another\n")
    folder.sync()
    (folder.root / "b.md").unlink()
    folder.sync()
    row = folder.row("b.md")
    assert row.state == FileState.REFUSED
    assert "GOAL-1" in row.said
    assert "GOAL-1" in live(workspace)


def test_a_folder_that_is_not_there_deletes_nothing(folder, workspace):
    folder.write("shop.md", SHOP)
    folder.sync()
    (folder.root / "shop.md").unlink()
    assert "not believed" in folder.sync().said
    assert "SPEC.shop" in live(workspace)


def test_what_is_approved_while_the_disk_is_away_is_written_once_it_is_back(folder, workspace):
    for name in "abcd":
        folder.write(f"{name}.md", f"# {name}\n\nIt says {name * 9}.\n")
    folder.sync()
    away = folder.root.rename(folder.root.with_name("away"))
    folder.root.mkdir()
    create = {"op": "create", "kind": "requirement", "key": "REQ-1", "title": "Cards"}
    change(folder, create, {"op": "edit", "target": "SPEC.a", "body": "More."})
    for _ in range(2):
        assert "not believed" in folder.sync().said
        assert folder.paths() == []
    folder.root.rmdir()
    away.rename(folder.root)
    folder.sync()
    assert folder.paths() == ["a.md", "b.md", "c.md", "d.md", "requirement/REQ-1.md"]
    assert folder.read("a.md") == "# a\n\nMore.\n"
    assert len(live(workspace)) == 5
    assert folder.sync().is_nothing
