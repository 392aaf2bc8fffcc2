"""Writing and removing one file, while somebody else saves it."""

import os

import pytest

from apps.mirror import disk
from apps.mirror.disk import Moved, put, remove


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "a.md"
    file.write_text("as it was read")
    return file


def saving_after_the_look(monkeypatch, *saves):
    """Somebody saves between each look at the file and what follows it."""
    looked, left = disk._content, list(saves)

    def content_and_save(name, here):
        found = looked(name, here)
        if left:
            left.pop(0)()
        return found

    monkeypatch.setattr(disk, "_content", content_and_save)


def anew(file, text):
    """As most editors save: another file, under the same name."""

    def save():
        apart = file.with_name("apart")
        apart.write_text(text)
        apart.rename(file)

    return save


def write_ours(file):
    put(file.parent, "a.md", b"ours", instead_of=b"as it was read")


def remove_it(file):
    remove(file.parent, "a.md", instead_of=b"as it was read")


@pytest.mark.parametrize("act", [write_ours, remove_it])
@pytest.mark.parametrize("in_place", [True, False])
def test_what_is_saved_after_the_last_look_stays(file, monkeypatch, act, in_place):
    save = (lambda: file.write_text("theirs")) if in_place else anew(file, "theirs")
    saving_after_the_look(monkeypatch, save)
    with pytest.raises(Moved):
        act(file)
    assert file.read_text() == "theirs"
    assert [path.name for path in file.parent.iterdir()] == ["a.md"]


def test_of_two_saves_the_later_one_stays(file, monkeypatch):
    saving_after_the_look(monkeypatch, anew(file, "first"), anew(file, "second"))
    with pytest.raises(Moved):
        write_ours(file)
    assert file.read_text() == "second"
    assert [path.name for path in file.parent.iterdir()] == ["a.md"]


@pytest.mark.parametrize("act", [write_ours, remove_it])
def test_what_is_taken_away_after_the_last_look_stays_away(file, monkeypatch, act):
    saving_after_the_look(monkeypatch, file.unlink)
    with pytest.raises((Moved, FileNotFoundError)):
        act(file)
    assert list(file.parent.iterdir()) == []


def test_a_folder_in_its_place_stays(file, monkeypatch):
    def make():
        file.unlink()
        (file / "below").mkdir(parents=True)

    saving_after_the_look(monkeypatch, make)
    with pytest.raises(Moved):
        write_ours(file)
    assert (file / "below").is_dir()


def test_what_is_saved_right_after_is_not_taken_for_ours(file, monkeypatch):
    sync, synced = os.fsync, []

    def sync_and_save(opened):
        sync(opened)
        synced.append(opened)
        if len(synced) == 2:  # of the folder, in which ours stands by now
            file.write_text("theirs")

    monkeypatch.setattr(os, "fsync", sync_and_save)
    seen = put(file.parent, "a.md", b"ours", instead_of=b"as it was read")
    at = file.stat()
    assert file.read_text() == "theirs"
    assert seen != disk.Seen(size=at.st_size, mtime_ns=at.st_mtime_ns)


def test_where_names_cannot_change_places_it_is_replaced(file, monkeypatch):
    monkeypatch.setattr(disk, "exchanged", lambda *_, here: False)
    write_ours(file)
    assert file.read_text() == "ours"


def test_the_longest_of_names_is_written(tmp_path):
    name = f"{'ü' * 126}.md"
    put(tmp_path, name, b"first", instead_of=None)
    put(tmp_path, name, b"ours", instead_of=b"first")
    assert (tmp_path / name).read_text() == "ours"
