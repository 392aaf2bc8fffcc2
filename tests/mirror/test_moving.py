"""What an author moves is where it was put, in no other file, and no file is written for it."""

import pytest

from apps.mirror.choices import FileState
from tests.mirror.test_copies import ALONE, SHOP, TILL, WITHOUT, saying
from tests.mirror.test_inwards import live
from tests.specs.proposing import decide

CARDS = "\n## REQ-1: Cards\n\nIt SHALL take cards.\n"
HALL = "# Hall\n\nAbout halls.\n"


def saves(folder, *all_files):
    """Nobody but the author writes."""
    for files in all_files:
        for path in {*folder.paths()} - files.keys():
            (folder.root / path).unlink()
        for path, text in files.items():
            folder.write(path, text)
        told = folder.sync()
        assert (told.written, told.removed, told.faults) == ([], [], {})
        assert {path: folder.read(path) for path in folder.paths()} == files
        assert folder.sync().is_nothing


@pytest.fixture
def others(folder):
    others = {f"{number}.md": saying(f"REQ-1{number}", f"{number}.") for number in range(3)}
    saves(folder, others)
    return others


@pytest.mark.parametrize(
    "after",
    [
        {"a.md": WITHOUT, "b.md": HALL + CARDS},
        {"a.md": WITHOUT, "b.md": HALL + CARDS.replace("cards.", "coins.")},
        {"a.md": WITHOUT, "b.md": HALL, "c.md": SHOP},
        {"a.md": WITHOUT, "b.md": HALL, "c.md": SHOP.replace("coins", "cards")},
        {"a.md": WITHOUT, "b.md": HALL, "c.md": ALONE},
        {"a.md": TILL, "b.md": HALL},
    ],
    ids=["file", "reworded", "new file", "new file, the same", "its own file", "back"],
)
def test_a_part_cut_in_one_save_is_put_elsewhere_in_another(folder, workspace, others, after):
    before = {"a.md": TILL, "b.md": HALL}
    saves(folder, others | before)
    node = live(workspace)["REQ-1"].id
    saves(folder, others | {**before, "a.md": WITHOUT}, others | after)
    there = live(workspace)["REQ-1"]
    assert there.id == node
    assert any(there.body in text for text in after.values())


def test_a_document_that_is_gone_comes_back_as_a_part(folder, workspace, others):
    before = {"a.md": WITHOUT, "c.md": ALONE}
    saves(folder, others | before, others | {"a.md": WITHOUT}, others | {"a.md": TILL})
    assert live(workspace)["REQ-1"].body == "It SHALL take cards."
    saves(folder, others | before)
    assert live(workspace)["REQ-1"].body == "It SHALL take notes."


def test_what_a_file_that_cannot_be_read_had_is_not_taken_from_it(folder, workspace, others):
    saves(folder, others | {"a.md": TILL})
    (folder.root / "a.md").write_bytes(b"\xff" + TILL.encode())
    folder.sync()
    folder.write("b.md", SHOP)
    assert folder.sync().faults["b.md"] == "REQ-1 stands already in a.md."
    folder.write("a.md", TILL)
    folder.sync()
    assert (folder.read("a.md"), folder.read("b.md")) == (TILL, SHOP)
    assert live(workspace)["REQ-1"].body == "It SHALL take cards."


def test_what_a_file_still_says_that_was_rejected_is_not_taken_from_it(
    folder, workspace, others, reviewer
):
    saves(folder, others | {"a.md": TILL})
    edited = TILL.replace("More.", "Less.")
    folder.write("a.md", edited)
    folder.sync(inwards="propose")
    decide(folder.row("a.md").proposal, reviewer, "reject", comment="No.")
    folder.sync()
    folder.write("b.md", SHOP)
    assert folder.sync().faults == {"b.md": "REQ-1 stands already in a.md."}
    assert folder.sync().is_nothing
    assert (folder.read("a.md"), folder.read("b.md")) == (edited, SHOP)
    assert folder.row("a.md").state == FileState.REFUSED
