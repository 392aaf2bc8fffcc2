"""Folders on a disk: nothing outside is read or written, and nothing is half done."""

import os

import pytest

from apps.specs.paper import folder as folders
from apps.specs.paper.folder import read_file, read_folder, write_file, write_folder
from apps.specs.paper.reading import Unreadable

FILES = {"spec/SPEC-1.md": "# Shop\r\n", "goal/GOAL-1.md": "# Sell é\n", "kinds.json": "{}\n"}


@pytest.fixture
def told(tmp_path):
    def read():
        with pytest.raises(Unreadable) as refused:
            read_folder(tmp_path)
        return [(fault.place, fault.message) for fault in refused.value.faults]

    return read


def test_what_is_written_is_read(tmp_path):
    write_folder(tmp_path / "specs", FILES)
    assert read_folder(tmp_path / "specs") == FILES
    assert os.listdir(tmp_path) == ["specs"]
    write_file(tmp_path / "specs.json", "{}")
    assert read_file(tmp_path / "specs.json") == "{}"


def test_nothing_is_written_over_what_is_there(tmp_path):
    (tmp_path / "mine.md").write_text("mine")
    with pytest.raises(Unreadable):
        write_folder(tmp_path, FILES)
    with pytest.raises(Unreadable):
        write_file(tmp_path / "mine.md", "theirs")
    (tmp_path / "link").symlink_to(tmp_path.parent)
    with pytest.raises(Unreadable):
        write_folder(tmp_path / "link", FILES)
    with pytest.raises(Unreadable):
        write_folder(tmp_path / "none" / "specs", FILES)
    assert (tmp_path / "mine.md").read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["link", "mine.md"]


def test_an_empty_folder_may_be_filled(tmp_path):
    write_folder(tmp_path, FILES)
    assert read_folder(tmp_path) == FILES


def test_what_is_no_markdown_or_begins_with_a_dot_is_left_out(tmp_path):
    for name in (".git/x.md", ".hidden.md", "picture.png", "sub/kinds.json", "sub/a.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"\xff" if name.endswith("png") else b"x")
    assert read_folder(tmp_path) == {"sub/a.md": "x"}


def test_links_are_told_and_not_followed(tmp_path, told):
    outside = tmp_path.with_name("outside")
    outside.mkdir()
    (outside / "secret.md").write_text("secret")
    (tmp_path / "a.md").symlink_to(outside / "secret.md")
    (tmp_path / "b").symlink_to(outside)
    assert [place for place, _ in told()] == ["a.md", "b"]


def test_what_is_no_text_is_told_with_its_line(tmp_path, told):
    (tmp_path / "a.md").write_bytes(b"one\ntwo \xff\n")
    (tmp_path / "b.md").write_bytes(b"x\0y")
    os.mkfifo(tmp_path / "c.md")
    places = dict(told())
    assert list(places) == ["a.md:2", "b.md", "c.md"]
    assert "UTF-8" in places["a.md:2"]


def test_what_is_too_much_is_told(tmp_path, told, monkeypatch):
    monkeypatch.setattr(folders, "LARGEST", 1024**2)
    (tmp_path / "a.md").write_bytes(b"x" * (1024**2 + 1))
    assert told() == [("a.md", "It has more than 1 MiB.")]
    (tmp_path / "a.md").write_bytes(b"x")
    (tmp_path / "b.md").write_bytes(b"x")
    monkeypatch.setattr(folders, "MOST_FILES", 1)
    assert "more files" in told()[0][1]


def test_folders_in_folders_come_to_an_end(tmp_path, told):
    (tmp_path / "/".join("a" * 17)).mkdir(parents=True)
    assert "deep" in told()[0][1]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    for read in (read_folder, read_file):
        with pytest.raises(Unreadable):
            read(tmp_path / "none")
