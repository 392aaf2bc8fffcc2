"""Very many files, and very much in them, cost what they have to."""

from collections import Counter
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.mirror import disk
from apps.mirror.choices import FileState
from apps.mirror.recognising import Gone, New, lines_of, renamed
from apps.mirror.selectors.mirrors import files_of, is_due
from apps.specs.paper.leaves import Leaf
from apps.specs.selectors.exporting import Chart
from tests.mirror.test_asking import asked


def few(folder, how_many, word="says"):
    for at in range(how_many):
        folder.write(f"{at}.md", f"# File {at}\n\nIt {word} {at} {'and so on ' * 10}.\n")


def test_no_more_is_read_at_once_than_is_held(folder, monkeypatch):
    few(folder, 5)
    folder.sync()
    few(folder, 5, "said")
    monkeypatch.setattr(disk, "ALL_TOGETHER", 300)
    told = folder.sync(inwards="propose")
    assert told.is_left
    assert told.faults.keys() == {"2.md", "3.md", "4.md"}
    assert folder.row("4.md").state == FileState.UNREADABLE
    assert folder.sync().faults == {}
    states = folder.mirror.files.order_by("path").values_list("state", flat=True)
    assert list(states) == ["waits", "waits", "agreed", "agreed", "agreed"]


def reading(what):
    with CaptureQueriesContext(connection) as asked_for:
        what()
    return [query["sql"] for query in asked_for if query["sql"].startswith("SELECT")]


def test_how_files_stand_is_read_without_what_their_proposals_do(folder):
    asked(folder)
    revision, mirror = folder.sync(inwards="propose").revision, folder.mirror

    def listed():
        rows = files_of(actor=folder.actor, workspace_id=folder.workspace.id)
        assert [row.proposal and row.proposal.state for row in rows] == ["in_review"]

    read = reading(lambda: is_due(mirror, since=revision)) + reading(listed)
    assert any("specs_proposal" in sql for sql in read)
    assert not any("operations" in sql for sql in read)


def test_what_is_gone_is_read_at_once(folder):
    few(folder, 9)
    folder.sync()
    for at in range(3):
        (folder.root / f"{at}.md").unlink()
    folder.write("new.md", "# Another\n")
    read = [sql for sql in reading(folder.sync) if '"mirror_mirroredfile"."agreed"' in sql]
    assert len(read) < 3


class Counted(Counter):
    compared = 0

    def __rand__(self, other):
        Counted.compared += 1
        return Counter.__and__(other, self)


def test_only_files_that_have_something_of_their_own_in_common_are_compared():
    text = "The same\n\n" + "{0} is one.\n{0} is two.\n{0} is three.\n"
    chart = Chart(workspace=uuid4(), revision=0, spots={}, keys={})
    leaves = [Leaf(key="", title="")]
    gone, new = [], []
    for at in range(200):
        lines = Counted(lines_of(text.format(at)))
        gone.append(Gone(path=f"{at}.md", document="", digest="", lines=lines))
        new.append(New(path=f"to-{at}.md", leaves=leaves, digest="-", text=text.format(at)))
    assert renamed(gone, new, chart) == {f"to-{at}.md": f"{at}.md" for at in range(200)}
    assert Counted.compared == 200
