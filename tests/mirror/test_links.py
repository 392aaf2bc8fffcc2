"""No step of a path is a link when a file is written or taken away: who may put links into the
folder would choose else what outside of it is overwritten.
"""

import pytest

from apps.mirror.disk import Moved, content_of, patch_of, put, remove

READ = b"as it was read"


@pytest.fixture
def root(tmp_path):
    """A folder with links to what is none of it, and stays as it is."""
    outside = tmp_path / "outside"
    (outside / "proposed").mkdir(parents=True)
    (outside / "a.md").write_bytes(READ)
    root = tmp_path / "specs"
    root.mkdir()
    (root / "a.md").symlink_to(outside / "a.md")
    (root / "below").symlink_to(outside)
    (root / ".lattice").symlink_to(outside)
    yield root
    there = {path.name: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    assert there == {"a.md": READ}


@pytest.mark.parametrize("path", ["a.md", "below/a.md"])
def test_what_a_link_leads_to_is_neither_read_nor_written_nor_removed(root, path):
    assert content_of(root, path) is None
    with pytest.raises((Moved, OSError)):
        put(root, path, b"ours", instead_of=READ)
    with pytest.raises((Moved, OSError)):
        remove(root, path, instead_of=READ)


@pytest.mark.parametrize("path", ["a.md", "below/new.md", "below/new/new.md", patch_of("a.md")])
def test_nothing_new_is_made_where_a_link_leads(root, path):
    with pytest.raises((Moved, OSError)):
        put(root, path, b"ours", instead_of=None)
