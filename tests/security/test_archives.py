"""Archives that were made to hurt whoever opens them."""

import io
import tracemalloc
import zipfile

import pytest

from apps.specs.paper import bounded_xml, reqif
from apps.specs.paper.reading import Unreadable

EMPTY = b"<REQ-IF/>"
MEGABYTE = 1024 * 1024


def packed(**files):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return archive.getvalue()


@pytest.mark.parametrize("files", [1, 10], ids=["in one file", "in many"])
def test_an_archive_that_grows_without_end_is_refused(files, monkeypatch):
    """As it is read, not by what it says of itself: no more is ever held than may be."""
    monkeypatch.setattr(bounded_xml.Room, "bytes", 4 * MEGABYTE)
    one = EMPTY + b" " * (40 * MEGABYTE // files)
    bomb = packed(**{f"{number}.reqif": one for number in range(files)})
    assert len(bomb) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match="more than is read at once"):
            reqif.read_reqif(bomb, "bomb.reqifz")
        assert tracemalloc.get_traced_memory()[1] < 24 * MEGABYTE
    finally:
        tracemalloc.stop()


def test_an_archive_that_says_less_than_it_holds_is_refused():
    sound = packed(**{"a.reqif": EMPTY + b" " * 5000})
    size = (5000 + len(EMPTY)).to_bytes(4, "little")
    assert sound.count(size) == 2
    with pytest.raises(Unreadable):
        reqif.read_reqif(sound.replace(size, (100).to_bytes(4, "little")), "liar.reqifz")


@pytest.mark.parametrize("name", ["../../evil.reqif", "/evil.reqif", "a/../../evil.reqif"])
def test_nothing_is_written_outside_whatever_an_archive_calls_its_files(
    name, tmp_path, monkeypatch
):
    inside = tmp_path / "one" / "two"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert [root.tag for root in reqif.read_reqif(packed(**{name: EMPTY}), "slip.reqifz")]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["one", "two"]
