"""A watch tells of what moves in the folder, whatever else stands there."""

import os
import signal
import tempfile
import threading
from multiprocessing import get_context
from pathlib import Path

import pytest

from apps.mirror.watching import keep_watching
from tests.waiting import eventually

NOBODY = 65534


class Watched:
    """A folder that is watched, and how often it was looked at."""

    def __init__(self, root):
        self.root, self.looks, self.ended = root, 0, threading.Event()
        self.thread = threading.Thread(target=self.keep, daemon=True)

    def keep(self):
        keep_watching(self.root, look=self.look, is_due=lambda: False, ended=self.ended)

    def look(self):
        self.looks += 1
        return False

    def is_seen(self, path):
        """Whether a file that is written there is."""
        before = self.looks
        (self.root / path).write_text("# It\n")
        eventually(lambda: self.looks > before, within=30)
        self.settle()

    def settle(self):
        """Two seconds without a look: what was to be seen has been."""
        last = [-1]

        def is_still():
            before, last[0] = last[0], self.looks
            return before == self.looks or self.ended.wait(2.0)

        eventually(is_still, within=30)


@pytest.fixture
def watched(tmp_path):
    root = tmp_path / "specs"
    root.mkdir()
    found = Watched(root)
    yield found
    found.ended.set()
    found.thread.join(30)


def test_what_a_link_leads_to_is_not_watched(watched, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (watched.root / "link").symlink_to(outside)
    watched.thread.start()
    watched.is_seen("a.md")
    before = watched.looks
    (outside / "b.md").write_text("# It\n")
    watched.settle()
    assert watched.looks == before


def test_a_new_folder_is_watched(watched):
    watched.thread.start()
    watched.is_seen("a.md")
    (watched.root / "new" / "below").mkdir(parents=True)
    watched.settle()
    watched.is_seen("new/below/a.md")


def ends_once_it_is_seen(root):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(30)  # then it is killed
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    watched = Watched(root)
    watched.thread.start()
    watched.is_seen("open/a.md")
    watched.ended.set()


def test_a_folder_that_may_not_be_read_ends_no_watch():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "open").mkdir()
        (root / "open").chmod(0o777)
        (root / "shut").mkdir(mode=0)
        child = get_context("fork").Process(target=ends_once_it_is_seen, args=[root])
        child.start()
        child.join(60)
        assert child.exitcode == 0
