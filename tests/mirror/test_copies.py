"""A document is one file: what else claims to be it is told, and takes nothing."""

import shutil
from importlib import import_module

import pytest
from django.db import connection

from apps.mirror.choices import FileState
from apps.specs.choices import ProposalState
from tests.mirror.test_inwards import live
from tests.mirror.test_outwards import edit


def saying(key, body):
    return f"---\nkey: {key}\nkind: requirement\n---\n\n# {key}: It\n\n{body}\n"


@pytest.fixture
def three(folder):
    for number in (1, 2, 3):
        folder.write(f"{number}.md", saying(f"REQ-{number}", f"It says {number}."))
    folder.sync()
    return folder


def bodies(workspace):
    return {key: node.body for key, node in live(workspace).items()}


ALL = {f"REQ-{number}": f"It says {number}." for number in (1, 2, 3)}


def test_a_copy_of_a_folder_comes_and_goes(three, workspace):
    shutil.copytree(three.root, three.root / "backup")
    three.sync()
    edit(three, "REQ-1", "It says more.")
    three.sync()
    assert three.row("backup/1.md").state == FileState.ELSEWHERE
    shutil.rmtree(three.root / "backup")
    for _ in range(2):
        three.sync()
    assert bodies(workspace) == ALL | {"REQ-1": "It says more."}
    assert three.paths() == ["1.md", "2.md", "3.md"]


def test_what_is_edited_in_a_copy_stays_there(three, workspace):
    three.write("a copy.md", three.read("1.md"))
    three.sync()
    for line in ("Else.", "Else again."):
        three.write("a copy.md", saying("REQ-1", line))
        told = three.sync()
        assert told.faults == {"a copy.md": "REQ-1 stands already in 1.md."}
    assert bodies(workspace) == ALL
    assert three.read("1.md") == saying("REQ-1", "It says 1.")


def test_a_copy_that_is_left_of_a_file_is_that_file(three, workspace):
    three.write("a copy.md", saying("REQ-1", "Else."))
    three.sync()
    (three.root / "1.md").unlink()
    three.sync()
    assert bodies(workspace) == ALL | {"REQ-1": "Else."}
    assert three.row("a copy.md").state == FileState.AGREED
    assert three.sync().is_nothing


def test_of_two_new_files_with_one_key_one_is_taken(folder, workspace):
    folder.write("a.md", saying("REQ-1", "It says a."))
    folder.write("b.md", saying("REQ-1", "It says b."))
    for _ in range(3):
        assert folder.sync().faults.keys() <= {"b.md"}
    folder.write("b.md", saying("REQ-1", "It says b, and more."))
    folder.sync()
    assert bodies(workspace) == {"REQ-1": "It says a."}
    assert folder.read("b.md") == saying("REQ-1", "It says b, and more.")


def test_a_file_moved_over_another_takes_its_place(three, workspace):
    (three.root / "1.md").rename(three.root / "2.md")
    three.sync()
    assert bodies(workspace) == {key: ALL[key] for key in ("REQ-1", "REQ-3")}
    edit(three, "REQ-1", "It says more.")
    three.sync()
    assert three.paths() == ["2.md", "3.md"]
    assert "It says more." in three.read("2.md")
    assert three.sync().is_nothing


def test_two_files_that_change_places_keep_their_nodes(three, workspace):
    before = {key: node.id for key, node in live(workspace).items()}
    (three.root / "1.md").rename(three.root / "away")
    (three.root / "2.md").rename(three.root / "1.md")
    (three.root / "away").rename(three.root / "2.md")
    three.sync()
    three.write("2.md", saying("REQ-1", "It says more."))
    three.sync()
    assert {key: node.id for key, node in live(workspace).items()} == before
    assert bodies(workspace) == ALL | {"REQ-1": "It says more."}
    assert three.sync().is_nothing


def test_a_file_that_comes_back_elsewhere_is_proposed_in_the_place_of_its_deletion(three):
    (three.root / "1.md").unlink()
    three.sync(inwards="propose")
    deletion = three.row("1.md").proposal
    three.write("new.md", saying("REQ-1", "It says more."))
    three.sync()
    deletion.refresh_from_db()
    assert deletion.state == ProposalState.SUPERSEDED
    assert three.row("new.md").proposal.title == "new.md edited"
    assert not three.mirror.files.filter(path="1.md").exists()


TILL = "# Till\n\nAbout tills.\n\n## REQ-1: Cards\n\nIt SHALL take cards.\n\n## Other\n\nMore.\n"
SHOP = "# Shop\n\nAbout shops.\n\n## REQ-1: Cards\n\nIt SHALL take coins.\n"
WITHOUT = "# Till\n\nAbout tills.\n\n## Other\n\nMore.\n"
ALONE = saying("REQ-1", "It SHALL take notes.")


@pytest.mark.parametrize(
    ("first", "second"),
    [(TILL, SHOP), (TILL, ALONE), (ALONE, TILL)],
    ids=["two parts", "a document", "a part"],
)
@pytest.mark.parametrize("at_once", [False, True])
def test_a_part_that_is_said_twice_stays_where_it_was(folder, workspace, first, second, at_once):
    folder.write("a.md", first)
    if not at_once:
        folder.sync()
    folder.write("b.md", second)
    told = folder.sync()
    assert told.faults == {"b.md": "REQ-1 stands already in a.md."}
    assert (folder.read("a.md"), folder.read("b.md")) == (first, second)
    assert live(workspace)["REQ-1"].body in first
    assert folder.sync().is_nothing


@pytest.mark.parametrize("second", [SHOP, ALONE], ids=["a part", "a document"])
def test_a_part_moves_as_soon_as_it_is_said_in_one_place_alone(folder, workspace, second):
    folder.write("a.md", TILL)
    folder.sync()
    node = live(workspace)["REQ-1"].id
    folder.write("b.md", second)
    folder.sync()
    folder.write("a.md", WITHOUT)
    folder.sync()
    moved = live(workspace)["REQ-1"]
    assert (moved.id, moved.body in second) == (node, True)
    assert (folder.read("a.md"), folder.read("b.md")) == (WITHOUT, second)
    assert folder.row("b.md").state == FileState.AGREED
    assert folder.sync().is_nothing


def test_copies_of_an_older_release_are_known_as_such(three):
    """They were called unreadable, and known by what was said of them."""
    three.write("a copy.md", three.read("1.md"))
    three.sync()
    assert three.row("a copy.md").state == FileState.ELSEWHERE
    files = three.row("a copy.md").mirror.files
    files.filter(path__in=["a copy.md", "3.md"]).update(state="unreadable")
    with connection.cursor() as cursor:
        cursor.execute(
            import_module("apps.mirror.migrations.0006_elsewhere").COPIES_STAND_ELSEWHERE
        )
    assert three.row("a copy.md").state == FileState.ELSEWHERE
    assert three.row("3.md").state == FileState.UNREADABLE
